internal import Glibc
public import SystemPackage

extension Layer {
    /// Reads a directory of this machine: names, metadata and link targets; contents are left
    /// where they are until the blob is written.
    ///
    /// No symbolic link in the tree is followed, nothing depends on the order in which the kernel
    /// lists names, and neither depth nor path length has a limit of ours.
    ///
    /// - Parameter name: the tree as the user wrote it, for messages.
    public static func scan(
        directory: FilePath, name: String, options: ScanOptions = ScanOptions()
    ) throws(TreeError) -> Layer {
        let root = try HostDirectory.open(directory, name: name, mayChange: options.mayChange)
        return try DirectoryScan(of: root, options).run()
    }
}

extension HostDirectory {
    /// The tree itself may be given by a symbolic link: that is the user's choice of words.
    static func open(
        _ path: FilePath, name: String, mayChange: Bool
    ) throws(TreeError) -> HostDirectory {
        let descriptor = path.withPlatformString {
            Glibc.open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        if descriptor < 0 {
            switch Errno(rawValue: errno) {
            case .noSuchFileOrDirectory: throw .treeMissing(tree: name)
            case .notDirectory: throw .treeNotDirectory(tree: name)
            case let reason:
                throw .failed(.openDirectory, HostPlace(tree: name, path: .root), reason)
            }
        }
        return HostDirectory(
            name: name, mayChange: mayChange, descriptor: FileDescriptor(rawValue: descriptor))
    }
}
