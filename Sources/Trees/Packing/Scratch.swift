public import SystemPackage

/// Where lists go that are too long for memory.
public struct Scratch: Sendable {
    /// Any directory with room for a file without a name; nothing is left in it.
    public var directory: FilePath
    /// How long a list may become before it goes there, in bytes.
    public var memoryByteCount: Int

    /// (The standard is less than a power of two, for memory that is full doubles.)
    public init(directory: FilePath, memoryByteCount: Int = 15 << 20) {
        self.directory = directory
        self.memoryByteCount = memoryByteCount
    }
}
