public import BakeContract

/// What `bake inspect` shows of an image.
public struct ImageSummary: Equatable, Sendable {
    public struct Row: Equatable, Sendable {
        public let part: ImagePart
        /// The manifest's; nil for parts that carry their own.
        public let digest: ContentDigest?
    }

    public let byteCount: Int
    public let manifest: Manifest
    public let rows: [Row]
    public let sections: [ImageSection]
    public let commandLine: Bytes
    /// Nil when the image was made without one.
    public let bakedConfiguration: Bytes?
    public let configurationPatch: Bytes
    public let leavesBlobInPlace: Bool
}

extension BootImage {
    /// Reads what there is to show, the blob and the kernel left out.
    public func summary() throws(ImageError) -> ImageSummary {
        ImageSummary(
            byteCount: byteCount, manifest: manifest,
            rows: parts.map { part in
                ImageSummary.Row(part: part, digest: manifest.digest(of: part.name))
            },
            sections: sections, commandLine: try commandLine(),
            bakedConfiguration: try bakedConfiguration(),
            configurationPatch: try configurationPatch(),
            leavesBlobInPlace: record.leavesBlobInPlace)
    }
}

extension ImageSummary {
    /// The manifest's JSON with `fileByteCount`, `commandLine`, `configuration` (text or null),
    /// `configurationPatch`, `blobInPlace` and `sections` beside it, and all parts in `parts`.
    public var json: JSONValue {
        let shown = manifest.json.members ?? []
        return .object(
            shown.filter { $0.key != Array("parts".utf8) } + [
                member("fileByteCount", .integer(Int64(byteCount))),
                member("commandLine", .string(commandLine)),
                member("configuration", bakedConfiguration.map(JSONValue.string) ?? .null),
                member("configurationPatch", .string(configurationPatch)),
                member("blobInPlace", .bool(leavesBlobInPlace)),
                member("parts", .array(rows.map(\.json))),
                member("sections", .array(sections.map(\.json))),
            ])
    }

    /// A table of the parts: offset, length and name, aligned, one line each.
    public var partLines: [String] {
        let columns =
            [("offset", "bytes", "part")]
            + rows.map { row in
                ("\(row.part.range.lowerBound)", "\(row.part.range.count)", row.part.name.rawValue)
            }
        let offsetWidth = columns.map(\.0.utf8.count).max() ?? 0
        let lengthWidth = columns.map(\.1.utf8.count).max() ?? 0
        return columns.map { offset, length, name in
            "\(right(offset, offsetWidth))  \(right(length, lengthWidth))  \(name)"
        }
    }
}

extension ImageSummary.Row {
    fileprivate var json: JSONValue {
        .object([
            member("name", .text(part.name.rawValue)),
            member("offset", .integer(Int64(part.range.lowerBound))),
            member("byteCount", .integer(Int64(part.range.count))),
            member("sha256", digest.map { .text($0.hex) } ?? .null),
        ])
    }
}

extension ImageSection {
    fileprivate var json: JSONValue {
        .object([
            member("name", .text(name)),
            member("offset", .integer(Int64(range.lowerBound))),
            member("byteCount", .integer(Int64(range.count))),
        ])
    }
}

private func member(_ key: String, _ value: JSONValue) -> JSONMember {
    JSONMember(Array(key.utf8), value)
}

private func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.utf8.count)) + text
}
