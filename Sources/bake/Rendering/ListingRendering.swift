internal import BakeContract
internal import Baking

/// An image's listing for people and for programs.
enum ListingRendering {
    static func text(_ listing: ImageListing) -> String {
        var text = ""
        for row in listing.rows { text += printable(row.path) + "\n" }
        return text
    }

    /// docs/json.md, "bake ls".
    static func json(_ listing: ImageListing) -> JSONValue {
        .array(listing.rows.map(json))
    }

    private static func json(_ row: ImageListing.Row) -> JSONValue {
        .object([
            "byteCount": row.byteCount.map { .integer(Int64($0)) } ?? .null,
            "device": row.device.map {
                .object(["major": .integer(Int64($0.major)), "minor": .integer(Int64($0.minor))])
            } ?? .null,
            "gid": .integer(Int64(row.gid)),
            "inode": .integer(Int64(row.inode)),
            "kind": .text(row.kind),
            "mode": .text(octal(row.permissions)),
            "mtime": .integer(row.mtimeSeconds),
            "path": .bytes(row.path),
            "target": row.target.map(JSONValue.bytes) ?? .null,
            "uid": .integer(Int64(row.uid)),
            "xattrs": .array(
                row.xattrs.map {
                    .object(["name": .bytes($0.name), "value": .bytes($0.value)])
                }),
        ])
    }

    private static func octal(_ permissions: UInt16) -> String {
        let digits = String(permissions, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
