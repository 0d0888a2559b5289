/// What a `-R` names, by its spelling alone; nothing is opened.
enum TreeReference: Equatable {
    /// A directory, an archive, a squashfs or an image: found out by looking.
    case path(String)
    /// A container image: of its kind, at this path, by this name where there are several.
    case container(ContainerKind, path: String, image: String?)

    enum ContainerKind: String, CaseIterable {
        case oci
        case ociArchive = "oci-archive"
        case dockerArchive = "docker-archive"
    }

    init(_ source: String) {
        for kind in ContainerKind.allCases where source.hasPrefix("\(kind.rawValue):") {
            let rest = source.dropFirst(kind.rawValue.count + 1)
            let parts = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            self = .container(
                kind, path: String(parts[0]), image: parts.count == 2 ? String(parts[1]) : nil)
            return
        }
        self = .path(source)
    }

    /// The file or directory that is read.
    var path: String {
        switch self {
        case .path(let path), .container(_, let path, _): path
        }
    }

    /// The same kind of tree at another path, spelled so that it is read back as that.
    func source(at path: String) -> String {
        switch self {
        case .path:
            if case .path = TreeReference(path) { return path }
            return "./" + path
        case .container(let kind, _, let image):
            return "\(kind.rawValue):\(path)" + (image.map { ":\($0)" } ?? "")
        }
    }
}

extension BakeRequest.Tree {
    /// `[strip=N:]TREE[:/TARGET]`, as `-R` takes it. A path that itself holds `:/` is followed by
    /// one more, the root as target: `odd:/name:/`.
    ///
    /// - Returns: nil when the number of components or the target is none.
    public init?(argument: String) {
        var rest = argument[...]
        var count = 0
        if rest.hasPrefix("strip="), let colon = rest.firstIndex(of: ":") {
            guard let number = Int(rest[..<colon].dropFirst("strip=".count)), number >= 0 else {
                return nil
            }
            count = number
            rest = rest[rest.index(after: colon)...]
        }
        let scheme = TreeReference.ContainerKind.allCases.map { "\($0.rawValue):" }
            .first { rest.hasPrefix($0) }
        let body = rest.dropFirst(scheme?.count ?? 0)
        guard let range = body.ranges(of: ":/").last else {
            self.init(source: String(rest), stripCount: count)
            return
        }
        let target = body[body.index(after: range.lowerBound)...]
        guard !target.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) else {
            return nil
        }
        self.init(
            source: String(rest[..<range.lowerBound]), target: String(target), stripCount: count)
    }
}
