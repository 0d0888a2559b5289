internal import Trees

/// Whether the kernel would find something to start in an initrd. It looks for /init alone
/// (init/main.c, kernel_init_freeable); where that cannot be executed it goes on as if there were
/// no initrd, and mounts the device of `root=` over it.
struct InitCheck {
    let tree: MergedTree

    init(_ tree: MergedTree) {
        self.tree = tree
    }

    /// One sentence, or none.
    func warnings() throws(BakeError) -> [String] {
        let program = Bytes("/init".utf8)
        guard case .found = tree.resolve(program) else {
            return [
                "the tree has no /init, so the kernel will look for a root file system on a device "
                    + "instead; put one into a tree, or --node 'l 0777 0:0 0 /init -> sbin/init'"
            ]
        }
        do throws(TreeError) {
            guard let flaw = try ProgramCheck(tree: tree).finding(of: program).flaw else {
                return []
            }
            return ["the kernel will not be able to start /init: \(flaw.description)"]
        } catch {
            throw BakeError(error)
        }
    }
}
