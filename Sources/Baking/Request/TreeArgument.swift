internal import Containers

extension BakeRequest.Tree {
    /// `[strip=N:]TREE[:/TARGET]`, as `-R` takes it. A path that itself holds `:/` is followed by
    /// one more, the root as target: `odd:/name:/`. Decided by the spelling alone.
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
        let scheme = ContainerLocation.Form.allCases.map { "\($0.rawValue):" }
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

    /// The file or directory that is read.
    var path: String { ContainerLocation(source)?.path ?? source }

    /// The same tree at another path, spelled so that it is read back as that.
    func at(path: String) -> Self {
        var source = path
        if var location = ContainerLocation(self.source) {
            location.path = path
            source = location.description
        } else if ContainerLocation(path) != nil {
            source = "./" + path
        }
        return Self(source: source, target: target, stripCount: stripCount)
    }
}
