/// Something that is not the same in two images that should be.
public struct ImageDifference: Sendable, Equatable {
    /// The part of docs/image-format.md that it is in.
    public let part: String
    /// Of the first byte of the part that differs, from the start of the first image, in bytes.
    public let offset: Int
    /// Absolute, of the file in the tree; nil for what is in no tree.
    public let path: [UInt8]?
    /// What is different, in words.
    public let what: String
}

extension ImageDifference: CustomStringConvertible {
    public var description: String {
        path.map { "\(String(decoding: $0, as: UTF8.self)): \(what)" } ?? "\(part): \(what)"
    }
}
