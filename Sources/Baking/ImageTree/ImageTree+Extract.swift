internal import Glibc
internal import SystemPackage
internal import Trees

/// How a tree is unpacked into a directory of this machine.
public struct ExtractOptions: Sendable, Equatable {
    /// Setuid and setgid bits and capabilities also for an ordinary user; root gets them anyway.
    public var keepsPrivileges = false
    /// The most the files may hold, in bytes, holes included.
    public var byteCountLimit: UInt64 = .max
    /// The most files, directories included.
    public var fileCountLimit: Int = .max

    public init() {}
}

extension ImageTree {
    /// Unpacks the tree into a directory that does not exist or is empty, once its bytes are known
    /// to be those that were baked. After a failure there is what was there before.
    ///
    /// - Returns: what the directory was not given, each a sentence.
    public func extract(
        to directory: String, _ options: ExtractOptions
    ) throws(BakeError) -> [String] {
        var writing = TreeWriter.Options.forThisUser
        writing.keepsPrivileges = writing.keepsPrivileges || options.keepsPrivileges
        writing.byteCountLimit = options.byteCountLimit
        writing.fileCountLimit = options.fileCountLimit
        let destination = FilePath(directory)
        let parent = destination.removingLastComponent()
        // Before the contents, which a hostile image has more of than there is room.
        try check(writing)
        let layer = try checkedLayer(scratch: parent.isEmpty ? "." : parent)
        do {
            return try TreeWriter.write(layer, to: destination, options: writing)
                .map(\.description)
        } catch {
            throw BakeError(error)
        }
    }

    private func check(_ options: TreeWriter.Options) throws(BakeError) {
        let tree = try tree()
        do {
            try TreeWriter.check(tree, options)
        } catch {
            throw BakeError(error)
        }
    }

    /// Removes directories that are not complete, for a command that was interrupted and is about
    /// to end. Not to be called inside a signal handler.
    public static func removeUnfinished() {
        ScratchDirectory.removeUnfinished()
    }
}

extension BakeError {
    init(_ error: TreeWriteError) {
        let (kind, hint): (Kind, String?) =
            switch error {
            case .source(let source): (BakeError(source).kind, BakeError(source).hint)
            case .tooManyBytes, .tooManyFiles: (.malformedInput, nil)
            case .destinationNotEmpty, .destinationIsLink, .destinationNotDirectory,
                .destinationHasNoName:
                (.outputNotWritable, "name a directory that is empty or does not exist")
            case .destination, .failed: (.outputNotWritable, nil)
            }
        self.init(kind, error.description, hint: hint)
    }
}
