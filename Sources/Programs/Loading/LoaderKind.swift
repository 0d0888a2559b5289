internal import Trees

/// Whose loader a program names, which decides where libraries are looked for.
enum LoaderKind: Equatable {
    case glibc
    /// The name of the architecture as its files have it: `x86_64`, `armhf`.
    case musl(architecture: Bytes)
    /// Something else: looked up by glibc's rules, and never the ground of a refusal.
    case unknown

    /// By the last component of PT_INTERP: `ld-linux-x86-64.so.2`, `ld64.so.2`, `ld.so.1`,
    /// `ld-musl-aarch64.so.1`.
    init(interpreter: Bytes) {
        let name =
            interpreter.lastIndex(of: UInt8(ascii: "/")).map {
                Bytes(interpreter[($0 + 1)...])
            } ?? interpreter
        let musl = Bytes("ld-musl-".utf8)
        if name.starts(with: musl) {
            let architecture = name.dropFirst(musl.count).prefix { $0 != UInt8(ascii: ".") }
            self = .musl(architecture: Bytes(architecture))
        } else if ["ld-linux", "ld.so.", "ld64.so."].contains(where: { name.starts(with: $0.utf8) })
        {
            self = .glibc
        } else {
            self = .unknown
        }
    }

    /// For a library nobody names a loader for: musl's C library has names of its own.
    init(librariesNeeded: [Bytes], in tree: any ProgramTree) throws(TreeError) {
        let isForMusl = librariesNeeded.contains {
            $0.starts(with: "libc.musl-".utf8) || $0.elementsEqual("libc.so".utf8)
        }
        guard isForMusl else {
            self = .unknown
            return
        }
        let loaders = try tree.paths(matching: Bytes("/lib/ld-musl-*.so.1".utf8))
        self = loaders.first.map { LoaderKind(interpreter: $0) } ?? .unknown
    }

    var isMusl: Bool {
        if case .musl = self { true } else { false }
    }

    /// Names that musl's loader takes for itself, because it is the whole C library
    /// (load_library of ldso/dynlink.c): `libc.so`, `libpthread.so.0`, `libc.musl-x86_64.so.1`.
    func isBuiltIn(_ name: Bytes) -> Bool {
        guard isMusl, name.starts(with: "lib".utf8) else { return false }
        return ["c.", "pthread.", "rt.", "m.", "dl.", "util.", "xnet."].contains {
            name.dropFirst(3).starts(with: $0.utf8)
        }
    }
}
