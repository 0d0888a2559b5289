import Glibc
internal import SystemPackage
internal import Tools

extension PackageCache {
    /// The layer a request came to the last time, if it is still there.
    func madeBefore(for keys: RequestKeys) -> HeldArchive? {
        let read = try? readFile(choice(of: keys))  // what cannot be read is found out again
        guard let bytes = read else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", maxSplits: 1)
        guard lines.count == 2, lines[1] == keys.text + "\n", isPlainWord(lines[0]) else {
            return nil
        }
        return entry(String(lines[0]))
    }

    func remember(_ name: String, for keys: RequestKeys) throws(PackageError) {
        try replace(choice(of: keys), with: "\(name)\n\(keys.text)")
    }

    private func choice(of keys: RequestKeys) -> FilePath {
        directory.appending(keys.request + ".choice")
    }

    private func archive(_ name: String) -> FilePath { directory.appending(name + ".tar.zst") }
    private func list(_ name: String) -> FilePath { directory.appending(name + ".list") }

    /// An archive of that name, if it is there and whole. A damaged one is as good as absent: it
    /// is made again in its place.
    func entry(_ name: String) -> HeldArchive? {
        let path = archive(name)
        guard let hold = ArchiveHold(path),
            let bytes = try? readFile(list(name)),  // as said above
            let digest = try? hexDigest(of: hold.file)  // as said above
        else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        let packages = lines.dropFirst().compactMap { DebianPackage(text: $0) }
        guard lines.first == "sha256 \(digest)", packages.count == lines.count - 1 else {
            return nil
        }
        // Used now: what eviction goes by.
        futimens(hold.file.rawValue, nil)
        return HeldArchive(path: path, packages: packages, hold: hold)
    }

    /// Takes an archive that was just made into the cache: the list last, without which it counts
    /// as absent.
    func keep(
        _ made: FilePath, of packages: [DebianPackage], as name: String
    ) throws(PackageError) -> HeldArchive {
        let path = archive(name)
        guard let hold = ArchiveHold(made) else {
            throw .inputOutput(action: "read", path: made, errno: .noSuchFileOrDirectory)
        }
        let digest: String
        do {
            digest = try hexDigest(of: hold.file)
        } catch {
            throw .inputOutput(action: "read", path: made, errno: error as? Errno ?? .ioError)
        }
        try asPackageError { () throws(FileFailure) in try moveFile(made, to: path) }
        let lines = ["sha256 \(digest)"] + packages.map(\.text)
        try replace(list(name), with: lines.joined(separator: "\n"))
        return HeldArchive(path: path, packages: packages, hold: hold)
    }

    /// Writes a small file whole or not at all. The caller holds the lock.
    private func replace(_ path: FilePath, with text: String) throws(PackageError) {
        try asPackageError { () throws(FileFailure) in
            let new = directory.appending(".new")
            try writeFile(text + "\n", to: new)
            try moveFile(new, to: path)
        }
    }

    /// Removes what was used least recently until the rest fits: archives nobody holds, and lists
    /// and downloads but those of `state`. What cannot be removed is counted again the next time.
    func evict(sparing state: FilePath, limitByteCount: Int) {
        var kept = 0
        for item in evictable().sorted(by: { $0.lastUse > $1.lastUse }) {
            kept += item.byteCount
            guard kept > limitByteCount, item.path != state else { continue }
            if item.isArchive {
                guard ArchiveHold.removeUnlessHeld(item.path) else { continue }
                let name = String((item.path.lastComponent?.string ?? "").dropLast(8))
                unlink(list(name).string)
            } else {
                guard (try? removeTree(item.path)) != nil else { continue }  // As said above.
            }
            kept -= item.byteCount
        }
        forgetChoicesWithoutArchive()
    }

    private func forgetChoicesWithoutArchive() {
        // What cannot be read now stays until it is looked for, and is made again then.
        let names = (try? namesInDirectory(directory)) ?? []  // as just said
        for name in names where name.hasSuffix(".choice") {
            let path = directory.appending(name)
            guard let bytes = try? readFile(path) else { continue }  // as said
            let target = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            if kind(of: archive(target)) != .file { unlink(path.string) }
        }
    }

    private struct Evictable {
        let path: FilePath
        let isArchive: Bool
        let byteCount: Int
        /// Nanoseconds since 1970.
        let lastUse: Int
    }

    private func evictable() -> [Evictable] {
        // What cannot be listed takes no part.
        ((try? namesInDirectory(directory)) ?? []).compactMap { name in  // as said above
            let path = directory.appending(name)
            let isArchive = name.hasSuffix(".tar.zst")
            guard isArchive || name.hasPrefix("apt-") else { return nil }
            var status = stat()
            // apt writes its state anew each time it is used.
            let stamp = isArchive ? path : path.appending("apt.conf")
            guard stat(stamp.string, &status) == 0 else { return nil }
            return Evictable(
                path: path, isArchive: isArchive, byteCount: byteCountOfTree(path),
                lastUse: status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec)
        }
    }
}

/// The lengths of all files in a tree, links not followed.
private func byteCountOfTree(_ path: FilePath) -> Int {
    var status = stat()
    guard lstat(path.string, &status) == 0 else { return 0 }
    guard status.st_mode & S_IFMT == S_IFDIR else { return Int(status.st_size) }
    // What cannot be listed cannot be removed either.
    return ((try? namesInDirectory(path)) ?? []).reduce(0) {  // as said above
        $0 + byteCountOfTree(path.appending($1))
    }
}
