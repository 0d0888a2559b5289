public import BakeContract
public import SystemPackage

/// Why an image cannot be written, read, edited or put on a disk.
public enum ImageError: Error, Equatable, Sendable {
    /// A system call failed on a file.
    case file(action: FileAction, path: FilePath, errno: Errno)
    /// A file that was never an image of ours.
    case notAnImage(path: FilePath)
    /// An image whose end is missing, by what its boot record says.
    case cutShort(path: FilePath, byteCount: Int, neededByteCount: Int)
    /// The bytes are not what the format says they must be.
    case malformed(part: PartName, flaw: FormatFlaw)
    /// A configuration patch longer than a slot of the room takes.
    case patchTooLong(byteCount: Int, limitByteCount: Int)
    /// A member's name or content does not fit a newc header.
    case memberTooLarge(name: Bytes)
    /// More than any loader or kernel takes.
    case tooLarge(what: String, byteCount: Int, limitByteCount: Int)
    /// libzstd failed, in its own words.
    case compression(String)
    /// Something is asked for that this image does not hold.
    case absent(String)
    /// Another program is needed and not installed.
    case missingTool(name: String, package: String)
    /// Another program ran and failed.
    case toolFailed(name: String, status: String, message: String)
}

/// What was being done to a file when it failed.
public enum FileAction: String, Sendable {
    case open, read, write, create, replace, lock
    /// Putting a new name on the disk; the file has it already.
    case keep = "be sure to keep the new"
}

/// What is wrong with some bytes.
public enum FormatFlaw: Equatable, Sendable {
    /// The bytes end before the thing they should hold.
    case truncated(byteCount: Int, neededByteCount: Int)
    case wrongMagic
    case unsupportedVersion(UInt64)
    /// A range that leaves what it must lie in.
    case outside(range: String, limitByteCount: Int)
    /// The content does not have the digest written for it.
    case wrongDigest
    /// A block of 4096 bytes at this file offset is not what the hash tree says.
    case wrongBlock(offset: Int)
    /// A field has a value it cannot have, or is missing.
    case badField(String)
    /// Bytes that must be zero are not, the first at this file offset.
    case notZero(offset: Int)
    /// The file has bytes behind its end.
    case trailingBytes(offset: Int)
}

extension ImageError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .file(let action, let path, let errno):
            "cannot \(action.rawValue) '\(path)': \(errno)"
        case .notAnImage(let path):
            "'\(path)' is not an image that bake wrote"
        case .cutShort(let path, let byteCount, let neededByteCount):
            "'\(path)' is cut short: it has \(byteCount) of \(neededByteCount) bytes"
        case .malformed(let part, let flaw):
            "\(part.rawValue): \(flaw)"
        case .patchTooLong(let byteCount, let limitByteCount):
            "the configuration is \(byteCount) bytes and the image has room for \(limitByteCount)"
        case .memberTooLarge(let name):
            "'\(String(decoding: name, as: UTF8.self))' is too large for the initramfs format"
        case .tooLarge(let what, let byteCount, let limitByteCount):
            "\(what) is \(byteCount) bytes long, and at most \(limitByteCount) can be started"
        case .compression(let message):
            "cannot compress the initramfs: \(message)"
        case .absent(let what):
            "the image has no \(what)"
        case .missingTool(let name, let package):
            "'\(name)' is not installed\n  hint: apt-get install \(package)"
        case .toolFailed(let name, let status, let message):
            "'\(name)' failed (\(status)): \(message)"
        }
    }
}

extension FormatFlaw: CustomStringConvertible {
    public var description: String {
        switch self {
        case .truncated(let byteCount, let neededByteCount):
            "ends after \(byteCount) bytes, needs \(neededByteCount)"
        case .wrongMagic: "does not begin as it must"
        case .unsupportedVersion(let version): "format version \(version) is not known"
        case .outside(let range, let limitByteCount):
            "\(range) leaves the \(limitByteCount) bytes it must lie in"
        case .wrongDigest: "the content does not match its SHA-256"
        case .wrongBlock(let offset): "the block at offset \(offset) does not match its hash"
        case .badField(let name): "'\(name)' is wrong"
        case .notZero(let offset): "padding at offset \(offset) is not zero"
        case .trailingBytes(let offset): "unexpected bytes from offset \(offset)"
        }
    }
}
