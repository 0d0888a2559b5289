internal import Glibc
internal import SystemPackage
internal import Trees

/// Whether the output can be written and is none of the inputs, found out before any work.
struct OutputCheck {
    let path: FilePath
    /// Where it stands; what is made on the way is made there, on the same file system.
    let directory: FilePath
    /// The file that stands there now; it is left out of trees it lies in.
    let identity: HostIdentity?

    init(_ request: BakeRequest) throws(BakeError) {
        path = FilePath(request.output)
        let parent = path.removingLastComponent()
        directory = parent.isEmpty ? FilePath(".") : parent
        identity = try Self.checkedIdentity(of: request.output)
        try checkDirectory(of: request.output)
        let inputs =
            [request.configurationFile, request.kernel].compactMap { $0 }
            + request.trees.map(\.path)
        for input in inputs where identity != nil && Self.identity(of: input) == identity {
            throw BakeError(
                .outputNotWritable, "'\(request.output)' is also an input ('\(input)')",
                hint: "name another output with -o")
        }
    }

    private static func checkedIdentity(of output: String) throws(BakeError) -> HostIdentity? {
        var status = stat()
        // The link itself: a link that stands there is replaced, not followed.
        guard lstat(output, &status) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFREG:
            return HostIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        case S_IFLNK:
            try checkTarget(ofLink: output)
            return HostIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        case S_IFDIR:
            throw BakeError(
                .outputNotWritable, "cannot write '\(output)': it is a directory",
                hint: "name a file in it: -o \(output)/app.img")
        default:
            throw BakeError(.outputNotWritable, "cannot write '\(output)': it is not a file")
        }
    }

    /// A link to a file, or to nothing, gives way. One to a directory or device, such as
    /// /dev/stdout, was hardly meant to.
    private static func checkTarget(ofLink output: String) throws(BakeError) {
        var status = stat()
        let leadsToFile = stat(output, &status) != 0 || status.st_mode & S_IFMT == S_IFREG
        if leadsToFile, try !isLinkToOpenFile(output) { return }
        throw BakeError(
            .outputNotWritable,
            "cannot write '\(output)': it is a link to something that is no file",
            hint: "name the image itself with -o")
    }

    /// As /dev/stdout is one, whatever is open there.
    private static func isLinkToOpenFile(_ output: String) throws(BakeError) -> Bool {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard readlink(output, &target, target.count - 1) >= 0 else {
            throw BakeError(
                .outputNotWritable, "cannot write '\(output)': \(Errno(rawValue: errno))")
        }
        return target.starts(with: "/proc/".utf8.map { CChar(bitPattern: $0) })
    }

    private func checkDirectory(of output: String) throws(BakeError) {
        // With a dot behind it, for a file in its place is "not a directory".
        guard access("\(directory)/.", W_OK | X_OK) == 0 else {
            let reason = Errno(rawValue: errno)
            throw BakeError(
                .outputNotWritable, "cannot write '\(output)': directory '\(directory)': \(reason)",
                hint: reason == .noSuchFileOrDirectory ? "mkdir -p \(directory)" : nil)
        }
    }

    static func identity(of path: String) -> HostIdentity? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return HostIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }
}
