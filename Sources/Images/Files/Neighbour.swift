internal import Glibc
internal import Synchronization
internal import SystemPackage

/// A file beside the one it is to become.
///
/// Where the file system can, it has no name until it is complete (open(2), O_TMPFILE) and is gone
/// with the process however that ends. A link cannot take another file's place, so it gets a hidden
/// name all the same, for the moment between linkat(2) and rename(2). Whoever owns a neighbour with
/// a name holds a lock on it: one that nobody holds was left behind by a process that was killed,
/// and whoever writes the same output next removes it.
struct Neighbour {
    let descriptor: FileDescriptor
    private var name: FilePath?

    init(beside path: FilePath, isNameless: Bool) throws(Errno) {
        if isNameless, let descriptor = Self.openNameless(in: path.parent) {
            self.descriptor = descriptor
        } else {
            (descriptor, name) = try Self.createNamed(beside: path)
        }
    }

    /// Gives it the name it was made for, in the place of what has it now.
    mutating func rename(to path: FilePath) throws(Errno) {
        let descriptor = descriptor
        var name = name
        let result = unfinished.withLock { state -> Result<Void, Errno> in
            state.waitIfEnding()
            return Result { () throws(Errno) in
                if name == nil { name = try Self.link(descriptor, beside: path, &state) }
                try check(name!.with(path) { Glibc.rename($0, $1) })
                state.names.remove(name!)
                name = nil
            }
        }
        self.name = name
        try result.get()
    }

    /// Closes it, and removes it if it has a name still.
    func drop() {
        try? descriptor.close()  // what matters was synced before its rename, or is thrown away
        guard let name else { return }
        unfinished.withLock { state in
            state.waitIfEnding()
            state.remove(name)
        }
    }

    static func removeUnfinished(in directory: FilePath?) {
        unfinished.withLock { state in
            for name in state.names where directory == nil || name.parent == directory {
                state.remove(name)
            }
            state.isEnding = directory == nil
        }
    }

    // MARK: Making one

    /// O_TMPFILE of asm-generic/fcntl.h; Swift's Glibc module leaves GNU's names out.
    private static let nameless: Int32 = 0o20000000 | O_DIRECTORY
    private static let permissions: mode_t = 0o644

    /// Nil where there are no such files, or no way to give them a name.
    private static func openNameless(in directory: FilePath) -> FileDescriptor? {
        let opened = directory.withPlatformString {
            open($0, nameless | O_RDWR | O_CLOEXEC, permissions)
        }
        guard opened >= 0 else { return nil }
        if access("/proc/self/fd/\(opened)", F_OK) == 0 { return FileDescriptor(rawValue: opened) }
        close(opened)
        return nil
    }

    private static func createNamed(
        beside path: FilePath
    ) throws(Errno) -> (FileDescriptor, FilePath?) {
        // Made and noted in one: whoever removes what is unfinished finds every file there is.
        let made = unfinished.withLock { state -> Result<(FileDescriptor, FilePath?), Errno> in
            Result { () throws(Errno) in
                while true {
                    state.waitIfEnding()
                    let name = NeighbourName(beside: path).random()
                    let opened = name.withPlatformString {
                        open($0, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, permissions)
                    }
                    if opened < 0, errno == EEXIST { continue }
                    try check(opened)
                    // Where there are no locks, nobody takes it for abandoned either.
                    _ = lock(opened)
                    if linkCount(opened) != 0 {
                        state.names.insert(name)
                        return (FileDescriptor(rawValue: opened), name)
                    }
                    close(opened)  // taken for abandoned before it was locked
                }
            }
        }
        return try made.get()
    }

    private static func link(
        _ descriptor: FileDescriptor, beside path: FilePath, _ state: inout Unfinished
    ) throws(Errno) -> FilePath {
        _ = lock(descriptor.rawValue)
        while true {
            let name = NeighbourName(beside: path).random()
            // What needs no capability: open(2), O_TMPFILE.
            let code = name.withPlatformString {
                linkat(
                    AT_FDCWD, "/proc/self/fd/\(descriptor.rawValue)", AT_FDCWD, $0,
                    AT_SYMLINK_FOLLOW)
            }
            if code != 0, errno == EEXIST { continue }
            try check(code)
            state.names.insert(name)
            return name
        }
    }

    // MARK: Those of the dead

    /// Removes neighbours of this file that nobody is writing. What cannot be removed is litter, no
    /// reason to fail.
    static func removeAbandoned(beside path: FilePath) {
        guard let directory = path.parent.withPlatformString({ opendir($0) }) else { return }
        defer { closedir(directory) }
        let names = NeighbourName(beside: path)
        while let entry = readdir(directory) {
            let name = UnsafeRawPointer(entry)
                .advanced(by: MemoryLayout<dirent>.offset(of: \.d_name)!)
                .assumingMemoryBound(to: CChar.self)
            if names.include(name) { removeAbandoned(name, in: dirfd(directory)) }
        }
    }

    private static func removeAbandoned(_ name: UnsafePointer<CChar>, in directory: Int32) {
        // Writable, as a lock needs it; O_NONBLOCK for whatever else somebody put there.
        let opened = openat(directory, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard opened >= 0 else { return }
        defer { close(opened) }
        var status = stat()
        guard fstat(opened, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_uid == geteuid(), lock(opened)
        else { return }
        unlinkat(directory, name, 0)
    }

    /// Until the file is closed. Of the open file, not of the process, which may write one output
    /// twice; and not flock(2), which mtools want for themselves (fcntl(2), *Open file description
    /// locks*).
    private static func lock(_ descriptor: Int32) -> Bool {
        let command: Int32 = 37  // F_OFD_SETLK of asm-generic/fcntl.h
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        return fcntl(descriptor, command, &lock) == 0
    }

    private static func linkCount(_ descriptor: Int32) -> UInt {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? UInt(status.st_nlink) : 0
    }
}

/// The neighbours of this process that have names.
private struct Unfinished {
    var names: Set<FilePath> = []
    var isEnding = false

    mutating func remove(_ name: FilePath) {
        _ = name.withPlatformString { unlink($0) }
        names.remove(name)
    }

    /// Never returns once the process is about to end.
    func waitIfEnding() {
        while isEnding { sleep(1) }
    }
}

private let unfinished = Mutex(Unfinished())

private func check(_ code: Int32) throws(Errno) {
    guard code >= 0 else { throw Errno(rawValue: errno) }
}

extension FilePath {
    fileprivate func with(
        _ other: FilePath,
        _ call: (UnsafePointer<CChar>, UnsafePointer<CChar>) -> Int32
    ) -> Int32 {
        withPlatformString { own in other.withPlatformString { call(own, $0) } }
    }
}
