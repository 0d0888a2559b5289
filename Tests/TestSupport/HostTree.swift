import Foundation
import Glibc

/// One thing of a tree, to be described as a literal and made in a temporary directory:
///
///     try directory.make([
///         .directory("bin"),
///         .file("bin/sh", "#!", mode: 0o755),
///         .hardLink("bin/ash", to: "bin/sh"),
///         .symlink("sh", to: "bin/sh"),
///     ])
///
/// In order: directories before what is in them. Where a name is not UTF-8, bytes stand for it.
public enum HostTreeItem: Sendable {
    case directory(HostName, mode: UInt16 = 0o755)
    case file(HostName, _ content: String = "", mode: UInt16 = 0o644)
    /// Bytes that no compressor makes smaller, the same every time.
    case noise(HostName, byteCount: Int)
    /// A file of one hole, but for what stands at its end.
    case sparseFile(HostName, byteCount: Int, end: String)
    case symlink(HostName, to: HostName)
    case hardLink(HostName, to: HostName)
    case fifo(HostName)
    /// Of something made before. Follows links.
    case mode(HostName, UInt16)
    case socket(HostName)
    /// Needs root.
    case characterDevice(HostName, major: UInt32, minor: UInt32)
    /// Needs root.
    case blockDevice(HostName, major: UInt32, minor: UInt32)
    /// Needs root.
    case owner(HostName, uid: UInt32, gid: UInt32)
    /// `user.` for everybody, `security.` and `trusted.` for root. Not followed.
    case xattr(HostName, name: String, hexadecimal: String)
    case accessControlList(HostName, _ entry: String)
    /// Seconds since 1970, for everything made so far.
    case allTimes(Int)
    case time(HostName, Int)
}

/// A path below the temporary directory: text, or bytes for what is no text.
public struct HostName: Sendable, ExpressibleByStringLiteral, ExpressibleByArrayLiteral {
    public let bytes: [UInt8]

    public init(_ text: String) { bytes = Array(text.utf8) }
    public init(bytes: [UInt8]) { self.bytes = bytes }
    public init(stringLiteral literal: String) { bytes = Array(literal.utf8) }
    public init(arrayLiteral bytes: UInt8...) { self.bytes = bytes }
}

extension TemporaryDirectory {
    public func make(_ items: [HostTreeItem]) throws {
        for item in items { try make(item) }
    }

    private func make(_ item: HostTreeItem) throws {
        switch item {
        case .directory(let name, let mode):
            try call("mkdir", name) { mkdir($0, 0o755) }
            try call("chmod", name) { chmod($0, mode_t(mode)) }
        case .file(let name, let content, let mode):
            try write(Array(content.utf8), to: name)
            try call("chmod", name) { chmod($0, mode_t(mode)) }
        case .noise(let name, let byteCount):
            try write(Self.noise(byteCount: byteCount), to: name)
        case .sparseFile(let name, let byteCount, let end):
            try write([], to: name)
            try call("truncate", name) { truncate($0, off_t(byteCount - end.utf8.count)) }
            try write(Array(end.utf8), to: name)
        case .symlink(let name, let target):
            try call("symlink", name) { path in
                (target.bytes.map(CChar.init(bitPattern:)) + [0])
                    .withUnsafeBufferPointer { symlink($0.baseAddress!, path) }
            }
        case .hardLink(let name, let existing):
            try call("link", name) { path in
                // Not `link`, which would follow a symbolic link on some systems.
                self.terminated(existing).withUnsafeBufferPointer {
                    linkat(AT_FDCWD, $0.baseAddress!, AT_FDCWD, path, 0)
                }
            }
        case .fifo(let name):
            try call("mkfifo", name) { mkfifo($0, 0o644) }
        case .mode(let name, let mode):
            try call("chmod", name) { chmod($0, mode_t(mode)) }
        case .socket(let name):
            try call("mknod", name) { mknod($0, S_IFSOCK | 0o644, 0) }
        case .characterDevice(let name, let major, let minor):
            try call("mknod", name) { mknod($0, S_IFCHR | 0o600, Self.device(major, minor)) }
        case .blockDevice(let name, let major, let minor):
            try call("mknod", name) { mknod($0, S_IFBLK | 0o640, Self.device(major, minor)) }
        case .owner(let name, let uid, let gid):
            try call("lchown", name) { lchown($0, uid, gid) }
        case .xattr(let name, let attribute, let value):
            try run(["setfattr", "-h", "-n", attribute, "-v", "0x\(value)"], name)
        case .accessControlList(let name, let entry):
            try run(["setfacl", "-m", entry], name)
        case .allTimes(let seconds):
            let result = try runProcess(
                ["find", path, "-exec", "touch", "-h", "-d", "@\(seconds)", "{}", "+"])
            guard result.status == 0 else { throw TestFailure(result.stderrText) }
        case .time(let name, let seconds):
            try run(["touch", "-h", "-d", "@\(seconds)"], name)
        }
    }

    private static func device(_ major: UInt32, _ minor: UInt32) -> dev_t {
        dev_t(minor & 0xff | major << 8 | (minor & ~0xff) << 12)
    }

    /// A linear congruential generator's upper bytes.
    public static func noise(byteCount: Int) -> [UInt8] {
        var state: UInt64 = 0x9e37_79b9_7f4a_7c15
        return [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            for index in 0..<byteCount {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                buffer[index] = UInt8(truncatingIfNeeded: state >> 56)
            }
            count = byteCount
        }
    }

    private func run(_ command: [String], _ name: HostName) throws {
        let target = String(decoding: name.bytes, as: UTF8.self)
        let result = try runProcess(command + ["\(path)/\(target)"])
        guard result.status == 0 else { throw TestFailure(result.stderrText) }
    }

    private func terminated(_ name: HostName) -> [CChar] {
        (Array("\(path)/".utf8) + name.bytes).map(CChar.init(bitPattern:)) + [0]
    }

    private func call(
        _ operation: String, _ name: HostName, _ body: (UnsafePointer<CChar>) -> Int32
    ) throws {
        let result = terminated(name).withUnsafeBufferPointer { body($0.baseAddress!) }
        guard result == 0 else {
            throw TestFailure("\(operation) \(name.bytes): \(String(cString: strerror(errno)))")
        }
    }

    /// Appends to what is there.
    public func write(_ content: [UInt8], to name: HostName) throws {
        let descriptor = terminated(name).withUnsafeBufferPointer {
            open($0.baseAddress!, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        }
        guard descriptor >= 0 else {
            throw TestFailure("open \(name.bytes): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var done = 0
        while done < content.count {
            let count = content.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress! + done, $0.count - done)
            }
            guard count > 0 else { throw TestFailure("write \(name.bytes)") }
            done += count
        }
    }
}
