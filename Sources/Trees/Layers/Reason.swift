/// Why a file is in a layer: the next link of a chain that ends with what somebody asked for.
public enum Reason: Sendable, Hashable {
    /// Somebody named it.
    case asked
    /// Another file of the layer needs it, and how: `/usr/bin/app`, `DT_NEEDED libz.so.1`.
    case needed(by: TreePath, how: String)
}
