// Members of an archive as files. Every path is resolved by the kernel below one directory and
// through no symbolic link (openat2(2)), whatever archive and tree say.

import BakeContract
import CGuest

/// How much of what an archive records is restored.
enum Fidelity: Equatable {
    /// Everything; needs root.
    case everything
    /// Without owners and without the attributes that need root (`security.`, `trusted.`).
    case unprivileged
}

final class TreeWriter {
    private let below: DirectoryResolver
    private let fidelity: Fidelity
    /// The directory of the last path, open: members of a directory come together.
    private var parent: OpenDirectory
    /// They get their modes and times when nothing will be made in them any more.
    private var directories: [ArchiveMember] = []
    /// `user.` attributes that the file system has no place for (a tmpfs before Linux 6.6).
    private(set) var droppedAttributeCount = 0

    init(into directory: Bytes, _ fidelity: Fidelity) throws(UnpackError) {
        below = try DirectoryResolver(directory)
        self.fidelity = fidelity
        parent = try below.open(ArchivePath(".".bytes)!, creating: false)
    }

    /// Anything but a file. What stands at the path already is replaced, unless it is a directory.
    func make(_ member: ArchiveMember) throws(UnpackError) {
        try enterParent(of: member.path)
        switch member.kind {
        case .directory:
            try makeDirectory(member)
        case .file:
            preconditionFailure("files have contents, makeFile(_:) makes them")
        case .symbolicLink(let target):
            try place(member, .makeSymbolicLink) { directory, name in
                withCString(target) { symlinkat($0, directory, name) }
            }
            try setAttributes(of: member)
        case .hardLink(let first):
            try makeHardLink(member, to: first)
        case .characterDevice(let major, let minor):
            try makeNode(member, .makeDevice, S_IFCHR, guest_makedev(major, minor))
        case .blockDevice(let major, let minor):
            try makeNode(member, .makeDevice, S_IFBLK, guest_makedev(major, minor))
        case .pipe:
            try makeNode(member, .makePipe, S_IFIFO, 0)
        }
    }

    /// An empty file; `finishFile` gives it the rest of what it is.
    func makeFile(_ member: ArchiveMember) throws(UnpackError) -> FileDescriptor {
        try enterParent(of: member.path)
        let flags = O_WRONLY | O_CREAT | O_EXCL
        let number = try place(member, .makeFile) { directory, name in
            openBelow(directory, name, flags, mode: 0o600)
        }
        return FileDescriptor(adopting: number)
    }

    func finishFile(
        _ file: borrowing FileDescriptor, _ member: ArchiveMember
    ) throws(UnpackError) {
        try setAttributes(ofOpen: file.number, member)
    }

    /// Modes, owners and times of the directories, from the inside out.
    func finish() throws(UnpackError) {
        for member in directories.reversed() {
            let directory = try below.open(member.path, creating: false, flags: O_RDONLY)
            try setAttributes(ofOpen: directory.number, member)
        }
    }
}

extension TreeWriter {
    private func enterParent(of path: ArchivePath) throws(UnpackError) {
        let wanted = path.parent
        if wanted != parent.path { parent = try below.open(wanted, creating: true) }
    }

    /// Makes something new at the member's path, with `call` given the directory and the name.
    @discardableResult
    private func place(
        _ member: ArchiveMember, _ action: ArchiveAction,
        _ call: (Int32, UnsafePointer<CChar>) -> Int32
    ) throws(UnpackError) -> Int32 {
        let attempt = { withCString(member.path.name) { call(self.parent.number, $0) } }
        do throws(Errno) {
            do throws(Errno) {
                return try checked(attempt)
            } catch {
                guard error.code == EEXIST else { throw error }
                try checked {
                    withCString(member.path.name) { unlinkat(parent.number, $0, 0) }
                }
                return try checked(attempt)
            }
        } catch {
            throw .cannotMake(action, member.path.bytes, error)
        }
    }

    private func makeDirectory(_ member: ArchiveMember) throws(UnpackError) {
        directories.append(member)
        if member.path.isRoot || isDirectory(member.path.name) { return }
        try place(member, .makeDirectory) { directory, name in mkdirat(directory, name, 0o700) }
    }

    private func isDirectory(_ name: Bytes) -> Bool {
        var status = stat()
        let result = withCString(name) {
            fstatat(parent.number, $0, &status, AT_SYMLINK_NOFOLLOW)
        }
        return result == 0 && status.st_mode & mode_t(S_IFMT) == mode_t(S_IFDIR)
    }

    private func makeHardLink(
        _ member: ArchiveMember, to first: ArchivePath
    ) throws(UnpackError) {
        // A name of itself would be removed to make room for itself.
        guard first != member.path else {
            throw .cannotMake(.makeHardLink, member.path.bytes, Errno(EEXIST))
        }
        let source = try below.open(first.parent, creating: false)
        try place(member, .makeHardLink) { directory, name in
            withCString(first.name) { linkat(source.number, $0, directory, name, 0) }
        }
    }

    private func makeNode(
        _ member: ArchiveMember, _ action: ArchiveAction, _ type: Int32, _ device: dev_t
    ) throws(UnpackError) {
        try place(member, action) { directory, name in
            mknodat(directory, name, mode_t(type) | 0o600, device)
        }
        try setAttributes(of: member)
    }
}

extension TreeWriter {
    /// The order matters: chown(2) takes away set-user-ID and capabilities, writing an attribute
    /// may ask for a mode, and the time comes last.
    private func setAttributes(ofOpen file: Int32, _ member: ArchiveMember) throws(UnpackError) {
        if fidelity == .everything {
            try attempt(.setOwner, member) { fchown(file, member.uid, member.gid) }
        }
        try attempt(.setMode, member) { fchmod(file, member.mode) }
        try setExtendedAttributes(member) { name, value, byteCount in
            fsetxattr(file, name, value, byteCount, 0)
        }
        try attempt(.setTime, member) {
            withTimes(member) { futimens(file, $0) }
        }
    }

    /// Of what cannot be opened: links, devices, pipes.
    private func setAttributes(of member: ArchiveMember) throws(UnpackError) {
        let directory = parent.number
        let name = member.path.name
        if fidelity == .everything {
            try attempt(.setOwner, member) {
                withCString(name) {
                    fchownat(directory, $0, member.uid, member.gid, AT_SYMLINK_NOFOLLOW)
                }
            }
        }
        if !member.isSymbolicLink {
            try attempt(.setMode, member) {
                withCString(name) { fchmodat(directory, $0, member.mode, 0) }
            }
        }
        try setExtendedAttributes(member) { attribute, value, byteCount in
            withCString("/proc/self/fd/\(directory)/".bytes + name) {
                lsetxattr($0, attribute, value, byteCount, 0)
            }
        }
        try attempt(.setTime, member) {
            withTimes(member) { times in
                withCString(name) { utimensat(directory, $0, times, AT_SYMLINK_NOFOLLOW) }
            }
        }
    }

    private func setExtendedAttributes(
        _ member: ArchiveMember,
        _ call: (UnsafePointer<CChar>, UnsafeRawPointer?, Int) -> Int32
    ) throws(UnpackError) {
        for attribute in member.attributes {
            let isUsers = attribute.name.starts(with: "user.".bytes)
            if fidelity == .unprivileged, !isUsers { continue }
            do throws(Errno) {
                try checked {
                    attribute.value.withUnsafeBytes { value in
                        withCString(attribute.name) { call($0, value.baseAddress, value.count) }
                    }
                }
            } catch {
                guard isUsers, error.code == EOPNOTSUPP else {
                    throw .cannotMake(.setAttribute, member.path.bytes, error)
                }
                droppedAttributeCount += 1
            }
        }
    }

    private func attempt(
        _ action: ArchiveAction, _ member: ArchiveMember, _ call: () -> Int32
    ) throws(UnpackError) {
        do throws(Errno) {
            try checked(call)
        } catch {
            throw .cannotMake(action, member.path.bytes, error)
        }
    }

    private func withTimes(
        _ member: ArchiveMember, _ body: (UnsafePointer<timespec>) -> Int32
    ) -> Int32 {
        let leaveIt = (1 << 30) - 2  // UTIME_OMIT, for the access time
        let times = [
            timespec(tv_sec: 0, tv_nsec: leaveIt),
            timespec(
                tv_sec: Int(member.mtimeSeconds), tv_nsec: Int(member.mtimeNanoseconds)),
        ]
        return times.withUnsafeBufferPointer { body($0.baseAddress!) }
    }
}

extension ArchiveMember {
    fileprivate var isSymbolicLink: Bool {
        if case .symbolicLink = kind { return true }
        return false
    }
}
