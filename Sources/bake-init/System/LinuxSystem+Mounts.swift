import BakeContract
import CGuest

extension LinuxSystem {
    func mount(_ request: Mount) throws(Errno) {
        try checked {
            withCString(request.source) { source in
                withCString(request.target) { target in
                    withCString(request.type) { type in
                        withCString(request.options) { options in
                            CGuest.mount(source, target, type, request.flags.rawValue, options)
                        }
                    }
                }
            }
        }
    }

    func unmount(_ path: Bytes) throws(Errno) {
        try checked { withCString(path) { umount2($0, 0) } }
    }

    /// As switch_root(8): the initramfs cannot be unmounted, so what it holds is deleted, the new
    /// root is moved over it and entered.
    func switchRoot(to root: Bytes) throws(Errno) {
        try checked { withCString(root) { chdir($0) } }
        try freeInitramfs()
        try mount(Mount(source: ".".bytes, target: "/".bytes, type: [], flags: .move))
        try checked { chroot(".") }
        try checked { chdir("/") }
    }

    /// Deletes everything on the root file system, only if it is one in memory: anywhere else
    /// (somebody tries bake-init on an installed machine) it stays.
    private func freeInitramfs() throws(Errno) {
        var information = statfs()
        try checked { statfs("/", &information) }
        let ramfs = 0x8584_58f6
        let tmpfs = 0x0102_1994
        guard Int(information.f_type) == ramfs || Int(information.f_type) == tmpfs else { return }
        let directory = try FileDescriptor(opening: "/".bytes, O_RDONLY | O_DIRECTORY)
        var status = stat()
        try checked { fstat(directory.number, &status) }
        removeContents(of: directory, on: status.st_dev)
    }

    /// What cannot be deleted stays and costs a little memory, nothing else; mount points are on
    /// other devices and are left alone.
    private func removeContents(of directory: consuming FileDescriptor, on device: dev_t) {
        let number = directory.release()
        guard let stream = fdopendir(number) else {
            close(number)
            return
        }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = entry.name
            if name == ".".bytes || name == "..".bytes { continue }
            withCString(name) { name in
                var status = stat()
                guard fstatat(number, name, &status, AT_SYMLINK_NOFOLLOW) == 0,
                    status.st_dev == device
                else { return }
                guard FileKind(mode: status.st_mode) == .directory else {
                    unlinkat(number, name, 0)
                    return
                }
                let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
                let child = guest_openat(number, name, flags)
                if child >= 0 { removeContents(of: FileDescriptor(adopting: child), on: device) }
                unlinkat(number, name, AT_REMOVEDIR)
            }
        }
    }
}
