internal import Trees

/// DT_RPATH, DT_RUNPATH and names with `$ORIGIN` in them (ld.so(8), "Dynamic string tokens").
struct SearchPath {
    let machine: ELFMachine
    let loader: LoaderKind

    /// Directories of one path, and readings of one text, beyond which a file is not taken at its
    /// word: `$LIB` forty times over has more readings than there are atoms.
    private static let limit = 256
    /// Bytes; the kernel takes no longer path (PATH_MAX, limits.h).
    private static let pathLimit = 4096

    /// The directories of a search path: tokens replaced, those that cannot be left out. A token
    /// that may stand for several things gives several directories.
    ///
    /// - Parameter origin: the directory of the file that has the path.
    func directories(_ path: Bytes, origin: Bytes) -> [Bytes] {
        let directories = path.split(separator: UInt8(ascii: ":")).prefix(Self.limit)
            .flatMap { expand(Bytes($0), origin: origin) }
            .filter { $0.first == UInt8(ascii: "/") }
        return Array(directories.prefix(Self.limit))
    }

    func expand(_ text: Bytes, origin: Bytes) -> [Bytes] {
        var readings: [Bytes] = [[]]
        var position = 0
        while position < text.count {
            if text[position] == UInt8(ascii: "$"), let (token, end) = Token.at(position, in: text)
            {
                let values = values(of: token, origin: origin)
                readings = Array(
                    readings.flatMap { reading in values.map { reading + $0 } }
                        .prefix(Self.limit))
                position = end
            } else {
                let end = text[(position + 1)...].firstIndex(of: UInt8(ascii: "$")) ?? text.count
                for index in readings.indices { readings[index] += text[position..<end] }
                position = end
            }
            readings.removeAll { $0.count >= Self.pathLimit }
            if readings.isEmpty { return [] }
        }
        return readings
    }

    private func values(of token: Token, origin: Bytes) -> [Bytes] {
        if loader.isMusl, token != .origin { return [] }
        switch token {
        case .origin: return [origin]
        // What it is was decided when the loader was built: Debian's has the multiarch directory.
        case .lib:
            let multiarch = machine.names?.multiarch.map { "lib/\($0)" } ?? []
            let others = machine.names?.libraryDirectories ?? []
            return (multiarch + others + ["lib"]).map { Bytes($0.utf8) }
        case .platform: return (machine.names?.platforms ?? []).map { Bytes($0.utf8) }
        }
    }

    private enum Token: String, CaseIterable {
        case origin = "ORIGIN"
        case lib = "LIB"
        case platform = "PLATFORM"

        /// The token that begins at a dollar, and where it ends.
        static func at(_ dollar: Int, in text: Bytes) -> (Token, end: Int)? {
            for token in allCases {
                if let end = token.end(in: text, at: dollar) { return (token, end) }
            }
            return nil
        }

        /// `$LIB` or `${LIB}`, but not `$LIBRARY`.
        private func end(in text: Bytes, at dollar: Int) -> Int? {
            let rest = text[(dollar + 1)...]
            let name = Bytes(rawValue.utf8)
            let braced = Bytes("{\(rawValue)}".utf8)
            if rest.starts(with: braced) { return dollar + 1 + braced.count }
            guard rest.starts(with: name) else { return nil }
            let end = dollar + 1 + name.count
            guard end < text.count else { return end }
            return Self.isWord(text[end]) ? nil : end
        }

        private static func isWord(_ byte: UInt8) -> Bool {
            byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte)
                || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
        }
    }
}
