internal import Glibc
internal import SystemPackage

/// What a file is called beside the one it is to become: `.app.img.bake-` and sixteen digits that
/// nobody else has. It is gone when the file is finished, so it may differ between runs.
struct NeighbourName {
    private let directory: FilePath
    private let prefix: [UInt8]

    private static let digitCount = 16

    init(beside path: FilePath) {
        directory = path.removingLastComponent()
        let name = path.lastComponent?.withPlatformString { Array(UnsafeCharacters($0)) } ?? []
        // 255 bytes is the longest name of a directory entry (limits.h, NAME_MAX).
        prefix = Array(".".utf8) + name.prefix(200) + Array(".bake-".utf8)
    }

    func random() -> FilePath {
        let number = String(UInt64.random(in: 0...UInt64.max), radix: 16)
        let zeros = String(repeating: "0", count: Self.digitCount - number.utf8.count)
        let name = prefix + Array((zeros + number).utf8) + [0]
        return name.withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                directory.appending(FilePath(platformString: $0.baseAddress!).components)
            }
        }
    }

    /// Whether a directory entry is called like that.
    func include(_ name: UnsafePointer<CChar>) -> Bool {
        let bytes = Array(UnsafeCharacters(name))
        return bytes.count == prefix.count + Self.digitCount && bytes.starts(with: prefix)
            && bytes.dropFirst(prefix.count).allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x66).contains($0)
            }
    }
}

/// The bytes of a C string.
private struct UnsafeCharacters: Sequence {
    private let start: UnsafePointer<CChar>

    init(_ start: UnsafePointer<CChar>) {
        self.start = start
    }

    func makeIterator() -> UnsafeRawBufferPointer.Iterator {
        UnsafeRawBufferPointer(start: start, count: strlen(start)).makeIterator()
    }
}
