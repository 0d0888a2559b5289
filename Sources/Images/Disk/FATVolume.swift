internal import Glibc
internal import Subprocess
internal import SystemPackage

/// A FAT file system inside a file, worked on by mtools.
struct FATVolume {
    /// The file and where the volume starts in it, as mtools' `-i` wants it.
    let location: String
    /// Where mtools are looked for; nil for the PATH.
    var searchPath: String?

    private static let package = "mtools"
    /// Files in a FAT have times from 1980 on; the first second is as good as any, and always
    /// the same.
    private static let firstTime = "315532800"

    /// The file is named by our open descriptor, because mtools finds drive letters and offsets
    /// in names that people choose.
    init(in descriptor: FileDescriptor, atByteOffset offset: Int) {
        location = "\(openFilePath(descriptor))@@\(offset)"
    }

    func format(_ layout: DiskLayout) async throws(ImageError) {
        let sectorCount = layout.partitionByteCount / PartitionTable.sectorByteCount
        let hiddenSectorCount = DiskLayout.partitionOffset / PartitionTable.sectorByteCount
        try await run(
            "mformat",
            [
                "-F", "-T", "\(sectorCount)", "-h", "255", "-s", "63", "-H",
                "\(hiddenSectorCount)", "-c", "\(layout.sectorsPerCluster)", "-N",
                String(layout.volumeSerial, radix: 16), "-v", "ESP", "::",
            ])
    }

    func makeDirectories(_ paths: [String]) async throws(ImageError) {
        try await run("mmd", paths.map { "::\($0)" })
    }

    func copy(_ source: FileDescriptor, to path: String) async throws(ImageError) {
        try await run("mcopy", [openFilePath(source), "::\(path)"])
    }

    private func run(_ tool: String, _ arguments: [String]) async throws(ImageError) {
        // Nobody's mtools configuration has a say in what we write.
        var environment: [Environment.Key: String] = [
            "LC_ALL": "C", "TZ": "UTC", "SOURCE_DATE_EPOCH": Self.firstTime,
            "MTOOLSRC": "/dev/null", "HOME": "/nonexistent",
        ]
        environment["PATH"] = searchPath
        let status: TerminationStatus
        let messages: String
        do {
            let result = try await Subprocess.run(
                .name(tool), arguments: Arguments(["-i", location] + arguments),
                environment: .inherit.updating(environment.mapValues(Optional.some)),
                output: .discarded, error: .string(limit: 1 << 16))
            status = result.terminationStatus
            messages = result.standardError
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw .missingTool(name: tool, package: Self.package)
        } catch {
            throw .toolFailed(name: tool, status: "not run", message: "\(error)")
        }
        guard status.isSuccess else {
            throw .toolFailed(
                name: tool, status: "\(status)",
                message: messages.split(separator: "\n").joined(separator: "; "))
        }
    }
}

/// A name under which a process that we start can open the same file.
private func openFilePath(_ descriptor: FileDescriptor) -> String {
    "/proc/\(getpid())/fd/\(descriptor.rawValue)"
}
