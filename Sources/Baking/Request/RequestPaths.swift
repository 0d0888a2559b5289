internal import SystemPackage

extension BakeRequest {
    /// Changes every path of this machine that the request names. What is looked up by name
    /// (kernels of the cache, programs on a PATH) and what is in the image or a sysroot stays.
    mutating func changePaths(_ change: (String) -> String) {
        trees = trees.map { $0.at(path: change($0.path)) }
        if case .directory(let path) = defaultEtc { defaultEtc = .directory(change(path)) }
        if hostPrograms.sysroot == nil {
            hostPrograms.paths = hostPrograms.paths.map { $0.contains("/") ? change($0) : $0 }
        }
        hostPrograms.sysroot = hostPrograms.sysroot.map(change)
        configurationFile = configurationFile.map(change)
        kernel = kernel.map { $0.contains("/") ? change($0) : $0 }
        if !output.isEmpty { output = change(output) }
    }
}

/// Where a bake.json stands, and how paths are written there.
struct RequestDirectory {
    /// Empty for the current directory.
    let path: FilePath

    init(of file: String) {
        path = FilePath(file).removingLastComponent()
    }

    /// A path of the file as it is written here.
    func path(to written: String) -> String {
        let target = FilePath(written)
        if path.isEmpty || target.isAbsolute { return written }
        let isDotted = target.components.count > 1 && target.components.first?.string == "."
        return path.appending(isDotted ? target.components.dropFirst() : target.components[...])
            .string
    }

    /// A path that is relative to one directory as it is written in another.
    ///
    /// Both are absolute and free of symbolic links, so that `..` leads up from them; in the path
    /// itself a link may stand anywhere but before a `..`, which stays.
    static func rewritten(_ path: String, from current: FilePath, to directory: FilePath) -> String
    {
        var rest = FilePath(path)
        if rest.isAbsolute || current == directory { return path }
        var start = Array(current.components)
        while let first = rest.components.first, first.kind != .regular {
            if first.kind == .parentDirectory { _ = start.popLast() }
            rest.components.removeFirst()
        }
        let target = start + rest.components
        let base = Array(directory.components)
        let common = zip(base, target).prefix { $0 == $1 }.count
        var written = FilePath()
        for _ in common..<base.count { written.append("..") }
        written.append(target[common...])
        return written.isEmpty ? "." : written.string
    }
}
