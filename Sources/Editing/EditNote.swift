public import Trees

/// Something about an edit that its user may not expect.
public enum EditNote: Sendable, Hashable {
    /// The copy lacks them; the tree keeps them.
    case devicesNotInCopy(count: Int, examples: [TreePath])
    /// No namespaces, or no shell in the tree that starts here.
    case otherwise(Confinement.Weakness, reason: String)
    /// An attribute of a kind no image can hold: the first file that has it.
    case xattrLeftOut(TreePath, name: Bytes)
}

extension EditNote: CustomStringConvertible {
    public var description: String {
        switch self {
        case .devicesNotInCopy(let count, let examples):
            """
            \(count == 1 ? "1 device node is" : "\(count) device nodes are") in the image but not \
            in the copy the commands ran in, which needs root \
            (\(examples.map(\.description).joined(separator: ", "))\
            \(count > examples.count ? ", ..." : ""))
            """
        case .otherwise(let weakness, let reason):
            "\(weakness.description) (\(reason))"
        case .xattrLeftOut(let path, let name):
            """
            the attribute \(String(printable: name)) of \(path), and of what else has it, was left \
            out
            """
        }
    }
}
