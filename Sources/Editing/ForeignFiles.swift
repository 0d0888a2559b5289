internal import Glibc
internal import SystemPackage
internal import Trees

/// Files that the commands gave to other ids of their user namespace: to us, outside of it, they
/// are strangers'.
extension Confinement {
    /// Lets us read them, and go into their directories.
    ///
    /// - Returns: the permissions of what was opened, as the commands left them.
    func openForeignFiles(
        in workshop: borrowing Workshop
    ) throws(EditError) -> [TreePath: UInt16] {
        guard hasRanges else { return [:] }
        let script = """
            set -eu
            cd "$1"
            find . -xdev ! -uid 0 ! -type l -printf '%m %P\\0'
            find . -xdev ! -uid 0 -type d -exec chmod a+rwx,-t '{}' +
            find . -xdev ! -uid 0 -type f -exec chmod a+r '{}' +
            """
        let list = try file("foreign", in: workshop)
        defer { close(list.rawValue) }
        let status = try run(
            RunningCommand(
                arguments: asOwnerOfAll(
                    words("/bin/sh", "-c", script, "sh", workshop.tree.string)),
                environment: environment(of: workshop, ownTime: 0), output: list,
                errors: .standardError))
        guard status == 0 else { throw .tool(name: "find", .ioError) }
        return Self.permissions(in: Self.contents(of: list))
    }

    /// Removes the workshop with all it holds.
    func remove(_ workshop: consuming Workshop) throws(EditError) {
        removeForeignFiles(of: workshop)
        let path = workshop.path.string
        do {
            try workshop.remove()
        } catch {
            throw .scratch(directory: path, error)
        }
        RunningCommand.removeCleanUp(for: path)
    }

    /// Only who is their owner, or root of their namespace, can remove them.
    func removeForeignFiles(of workshop: borrowing Workshop) {
        guard hasRanges else { return }
        _ = try? removal(of: workshop).run()  // what is left `remove` cannot remove, and says so
    }

    func registerCleanUp(of workshop: borrowing Workshop) {
        guard hasRanges else { return }
        RunningCommand.addCleanUp(removal(of: workshop), for: workshop.path.string)
    }

    private func removal(of workshop: borrowing Workshop) -> RunningCommand {
        RunningCommand(
            arguments: asOwnerOfAll(
                words("rm", "-rf", "--one-file-system", "--", workshop.tree.string)),
            environment: environment(of: workshop, ownTime: 0))
    }

    // MARK: Details

    /// Of lines `4755 usr/bin/su`, each with a NUL behind it.
    private static func permissions(in list: Bytes) -> [TreePath: UInt16] {
        var permissions: [TreePath: UInt16] = [:]
        for line in list.split(separator: 0) {
            guard let space = line.firstIndex(of: UInt8(ascii: " ")),
                let mode = UInt16(String(decoding: line[..<space], as: UTF8.self), radix: 8),
                let path = TreePath(Bytes(line[(space + 1)...]))
            else { continue }
            permissions[path] = mode
        }
        return permissions
    }

    static func contents(of file: FileDescriptor) -> Bytes {
        var contents: Bytes = []
        var buffer = Bytes(repeating: 0, count: 65536)
        while true {
            let count = pread(file.rawValue, &buffer, buffer.count, off_t(contents.count))
            // A file of our own, on the disk that was just written: what cannot be read is not
            // there.
            guard count > 0 else { return contents }
            contents += buffer[..<count]
        }
    }
}

extension DirectorySnapshot {
    /// With permissions files had before somebody opened them.
    func withPermissions(_ permissions: [TreePath: UInt16]) -> DirectorySnapshot {
        if permissions.isEmpty { return self }
        var snapshot = self
        for entry in entries {
            if let mode = permissions[entry.path] {
                snapshot.files[entry.fileIndex].permissions = mode
            }
        }
        return snapshot
    }
}
