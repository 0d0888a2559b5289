/// Where every part of an image stands: those the manifest lists, the manifest, the room.
enum PartTable {
    private static let alignment = 4096
    private static let listed = PartName.allCases.filter(\.hasDigestInManifest)

    /// All parts in file order, disjoint, the first at 0. `manifestRange` is the text's, without
    /// padding. That the file is long enough is not known here.
    static func parts(
        of manifest: Manifest, at manifestRange: Range<Int>
    ) throws(ImageError) -> [ImagePart] {
        var parts = manifest.parts.map(\.part)
        guard parts.map(\.name) == listed,
            let settings = parts.first(where: { $0.name == .settings })
        else { throw .malformed(part: .manifest, flaw: .badField("parts")) }
        let roomStart = settings.range.upperBound.roundedUp(toMultipleOf: alignment)
        parts.append(ImagePart(name: .manifest, range: manifestRange))
        parts.append(
            ImagePart(
                name: .room, range: roomStart..<roomStart + ConfigurationRoom.archiveByteCount))
        parts.sort { $0.range.lowerBound < $1.range.lowerBound }
        var end = 0
        for (part, name) in zip(parts, PartName.allCases) {
            guard part.name == name, part.range.lowerBound >= end else {
                throw .malformed(part: .manifest, flaw: .badField("parts"))
            }
            end = part.range.upperBound
        }
        guard parts[0].range.lowerBound == 0 else {
            throw .malformed(part: .manifest, flaw: .badField("parts"))
        }
        return parts
    }

    /// Where the file ends when nothing (a signature) was put behind the last part.
    static func fileByteCount(of parts: [ImagePart]) -> Int {
        (parts.last?.range.upperBound ?? 0).roundedUp(toMultipleOf: alignment)
    }
}
