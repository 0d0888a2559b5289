internal import Programs
internal import Trees

/// `--strict`: symbolic links that do not mean in the image what they may have meant elsewhere.
struct LinkCheck {
    let tree: MergedTree

    /// One sentence a link, in the order of the paths.
    func warnings() -> [String] {
        tree.entries.compactMap { entry in
            guard case .symlink(let target) = tree.node(of: entry).kind else { return nil }
            let link = "'\(entry.path)' -> '\(String(printable: target))'"
            if climbsOut(target, from: entry.path) {
                return "the symbolic link \(link) leads above the root of the image"
            }
            switch tree.resolve(entry.path.bytes) {
            case .found: return nil
            case .missing(let path):
                // What is mounted at boot is not in the tree.
                let isMounted = Self.mounted.contains { $0.contains(path) }
                return isMounted ? nil : "the symbolic link \(link) leads to nothing"
            case .tooManyLinks: return "the symbolic link \(link) is a circle"
            }
        }
    }

    private static let mounted: [TreePath] = ["dev", "proc", "run", "sys", "tmp"]

    /// The kernel takes `..` of the root for the root; on the machine where the link was made it
    /// led out of the tree.
    private func climbsOut(_ target: Bytes, from path: TreePath) -> Bool {
        let isAbsolute = target.first == UInt8(ascii: "/")
        var depth = isAbsolute ? 0 : path.components.count - 1
        for component in target.split(separator: UInt8(ascii: "/")) {
            if component.elementsEqual("..".utf8) {
                depth -= 1
                if depth < 0 { return true }
            } else if !component.elementsEqual(".".utf8) {
                depth += 1
            }
        }
        return false
    }
}
