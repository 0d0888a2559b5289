internal import BakeContract
internal import Baking
internal import Glibc
internal import SystemPackage

extension Installation {
    /// The installation this command belongs to: PREFIX of PREFIX/bin/bake, links resolved.
    static func ofThisCommand() throws(CommandFailure) -> Installation {
        Installation(
            prefix: try pathOfThisCommand().removingLastComponent().removingLastComponent())
    }

    /// The program that runs, links resolved.
    static func pathOfThisCommand() throws(CommandFailure) -> FilePath {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes {
            readlink("/proc/self/exe", $0.bindMemory(to: CChar.self).baseAddress!, $0.count)
        }
        guard count > 0 else {
            throw CommandFailure(
                .unavailable,
                "cannot find bake's own parts: /proc/self/exe: \(Errno(rawValue: errno))",
                hint: "mount /proc")
        }
        return FilePath(String(decoding: buffer[..<count], as: UTF8.self))
    }
}
