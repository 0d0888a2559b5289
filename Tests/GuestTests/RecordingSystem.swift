@testable import BakeContract
@testable import bake_init

/// A machine that writes down what it is asked, in order, and has the files a test gives it.
final class RecordingSystem: GuestSystem {
    private(set) var log: [String] = []
    var files: [String: Bytes] = [:]
    var directories: Set<String> = []
    var deviceByteCounts: [String: UInt64] = [:]
    /// What fails, by the line it would have logged.
    var failures: [String: Errno] = [:]
    var digest = Bytes(repeating: 0xab, count: 32)
    /// Called at every sleep, so that devices can appear late.
    var onSleep: (RecordingSystem) -> Void = { _ in }
    private var now: UInt64 = 0

    private func note(_ line: String) throws(Errno) {
        log.append(line)
        if let failure = failures[line] { throw failure }
    }

    func read(_ path: Bytes, limit: Int) throws(Errno) -> Bytes {
        guard let contents = files[path.shown] else { throw .notFound }
        return Bytes(contents.prefix(limit))
    }

    /// Devices have contents where a test gives them as a file; else they cannot be read.
    func read(_ path: Bytes, at offset: UInt64, byteCount: Int) throws(Errno) -> Bytes {
        guard let contents = files[path.shown] else { throw .notFound }
        return Bytes(contents.dropFirst(Int(offset)).prefix(byteCount))
    }

    func write(_ bytes: Bytes, into path: Bytes) throws(Errno) {
        try note("write \(path.shown) \(bytes.shown)")
    }

    func create(_ path: Bytes, mode: UInt32, contents: Bytes) throws(Errno) {
        try note("create \(path.shown) \(String(mode, radix: 8)) \(contents.shown)")
    }

    func list(_ directory: Bytes) throws(Errno) -> [Bytes] {
        let prefix = directory.shown
        let names = files.keys.filter { $0.hasPrefix(prefix) }
            .compactMap { $0.dropFirst(prefix.count).split(separator: "/").first.map(String.init) }
        guard !names.isEmpty else { throw .notFound }
        return Set(names).sorted().map(\.bytes)
    }

    func kind(of path: Bytes) -> FileKind? {
        if directories.contains(path.shown) { return .directory }
        if deviceByteCounts[path.shown] != nil { return .other }
        return files[path.shown] == nil ? nil : .file
    }

    func byteCount(of path: Bytes) throws(Errno) -> UInt64 {
        guard let contents = files[path.shown] else { throw .notFound }
        return UInt64(contents.count)
    }

    func makeDirectory(_ path: Bytes, mode: UInt32) throws(Errno) {
        try note("mkdir \(path.shown)")
        directories.insert(path.shown)
    }

    func makeSymbolicLink(_ path: Bytes, to target: Bytes) throws(Errno) {
        try note("symlink \(path.shown) -> \(target.shown)")
    }

    func remove(_ path: Bytes) throws(Errno) { try note("remove \(path.shown)") }

    func changeOwner(of path: Bytes, user: UInt32, group: UInt32) throws(Errno) {
        try note("chown \(path.shown) \(user):\(group)")
    }

    func mount(_ mount: Mount) throws(Errno) {
        var line = "mount \(mount.source.shown) \(mount.target.shown) \(mount.type.shown)"
        if !mount.flags.isEmpty { line += " flags=\(mount.flags.rawValue)" }
        if !mount.options.isEmpty { line += " \(mount.options.shown)" }
        try note(line)
    }

    func unmount(_ path: Bytes) throws(Errno) { try note("unmount \(path.shown)") }
    func switchRoot(to root: Bytes) throws(Errno) { try note("switch root \(root.shown)") }
    func loadModule(_ path: Bytes) throws(Errno) { try note("load \(path.shown)") }

    func deviceByteCount(of path: Bytes) throws(Errno) -> UInt64 {
        guard let count = deviceByteCounts[path.shown] else { throw .noDevice }
        return count
    }

    func attachLoop(
        to path: Bytes, isReadOnly: Bool, blockByteCount: UInt32
    ) throws(Errno) -> LoopDevice {
        try note("loop \(path.shown)\(isReadOnly ? "" : " rw")")
        return LoopDevice(path: "/dev/loop0".bytes, descriptor: 7)
    }

    func release(_ device: LoopDevice) { log.append("release \(device.path.shown)") }

    func activateVerity(_ table: VerityTable, name: Bytes) throws(Errno) -> Bytes {
        try note("verity \(name.shown) \(table.sectorCount) \(table.parameters.shown)")
        return "/dev/dm-0".bytes
    }

    func sha256(of path: Bytes, byteCount: UInt64) throws(Errno) -> Bytes {
        try note("sha256 \(path.shown) \(byteCount)")
        return digest
    }

    func sha256(of bytes: Bytes) throws(Errno) -> Bytes { digest }

    func unpack(_ path: Bytes, byteCount: UInt64, into directory: Bytes) throws(GuestFailure) {
        log.append("unpack \(path.shown) \(byteCount) \(directory.shown)")
    }

    func bringUpLoopback() throws(GuestFailure) { log.append("loopback") }

    func configure(
        _ interfaces: [NetworkInterface], hostname: Bytes?
    ) throws(GuestFailure) -> NetworkKeeper? {
        for interface in interfaces {
            log.append("interface \(interface.selector.text?.shown ?? "any")")
        }
        return nil
    }

    /// Answers of metadata servers, by what is asked.
    var metadata: [(service: MetadataExchange.Service, answer: Bytes)] = []

    func askMetadata(
        _ questions: [MetadataQuestion], over interfaces: [NetworkInterface], hostname: Bytes?
    ) throws(GuestFailure) -> [Bytes?] {
        for question in questions {
            log.append(
                "ask \(question.service) over \(interfaces.count) for"
                    + " \(question.request.timeoutSeconds) s")
        }
        return questions.map { question in
            metadata.first { $0.service == question.service }?.answer
        }
    }

    func setHostname(_ name: Bytes) throws(Errno) { try note("hostname \(name.shown)") }

    func checkLimit(_ resource: Int32, soft: UInt64, hard: UInt64) throws(Errno) {
        try note("limit \(resource) \(soft) \(hard)")
    }

    func sleep(milliseconds: UInt64) {
        now += milliseconds
        onSleep(self)
    }

    func uptime() -> UInt64 { now }
    func say(_ line: Bytes) { log.append("say \(line.shown)") }
}
