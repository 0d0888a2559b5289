internal import SystemPackage
public import Trees

extension Layer {
    /// Programs and files of this machine, or of a root directory of any machine, with everything
    /// they need: interpreters, libraries, what scripts begin with, symbolic links as they are.
    /// Nothing of it is run.
    ///
    /// Files stand at their own paths below the root directory, and each has a reason that leads to
    /// something asked for. Directories above them are named only where they are not what bake
    /// makes anyway, 0755 and root's.
    ///
    /// - Parameters:
    ///   - options: of these, what is left out, the owner rule, and what is done about access
    ///     control lists and changing files.
    ///   - mtimeSeconds: of what is made here: an ld.so.cache.
    public static func install(
        _ request: InstallRequest, name: String = "--install",
        options: ScanOptions = ScanOptions(), mtimeSeconds: Int64 = 0
    ) throws(ProgramError) -> Layer {
        let tree: HostLookup
        do throws(TreeError) {
            let root = request.sysroot ?? FilePath("/")
            tree = try HostLookup(directory: root, name: root.string, options: options)
        } catch {
            throw .tree(error)
        }
        var closure = ProgramClosure(in: tree, leavingOut: options.leavingOut)
        for path in request.paths {
            try closure.ask(for: path, sysroot: request.sysroot?.string)
        }
        do throws(TreeError) {
            try closure.bringNeeds()
            try closure.bringLists(mtimeSeconds: mtimeSeconds)
            try closure.bringDirectories()
        } catch {
            throw .tree(error)
        }
        try closure.checkComplete(allowsMissing: request.allowsMissing)
        return closure.layer(name: name, notes: tree.notes)
    }
}
