import Glibc
internal import SystemPackage
internal import Tools

/// Installs packages into a tree and packs it, with mmdebstrap, as root or in a user namespace.
struct LayerBuild {
    /// A directory of ours, absolute. It may hold what an interrupted build left.
    let work: FilePath
    let request: PackageRequest
    /// The commands up to the shell: those that make it root somewhere.
    private let isolation: [String]

    init(of request: PackageRequest, in work: FilePath) async throws(PackageError) {
        self.work = work
        self.request = request
        isolation = try await isolationOfThisUser()
        try await Self.requireTools()
    }

    /// Asked for by name before anything is downloaded, so that the message is about the right one.
    private static func requireTools() async throws(PackageError) {
        for (name, package) in [("mmdebstrap", "mmdebstrap"), ("zstd", "zstd")] {
            _ = try await asPackageError(of: package) { () async throws(ToolError) in
                try await runTool(name, ["--version"])
            }
        }
    }

    /// Makes the archive of exactly the packages in the repository below `archives`.
    func run(
        _ records: [PackageRecord], archives: FilePath, _ progress: (PackageCache.Step) -> Void
    ) async throws(PackageError) -> (archive: FilePath, packages: [DebianPackage]) {
        try await clean()
        try asPackageError { () throws(FileFailure) in
            try makeDirectories(work)
            let include = records.map {
                $0.package.specification(native: request.architecture)
            }
            try writeFile(include.joined(separator: ","), to: work.appending("include"))
        }
        let result = try await asPackageError(of: "util-linux") { () async throws(ToolError) in
            try await runTool(
                isolation[0], isolation.dropFirst() + arguments(records, archives),
                in: work, environment: environment
            ) { line in
                if let step = PackageCache.Step(mmdebstrap: line) { progress(step) }
            }
        }
        if result.mentionsFullDisk { throw .noSpace(work) }
        guard result.status == 0 else {
            throw .toolFailed(tool: "mmdebstrap", status: result.status, lines: result.lastLines)
        }
        let list = try asPackageError { () throws(FileFailure) in
            try readFile(work.appending("packages"))
        }
        let packages = String(decoding: list, as: UTF8.self).split(separator: "\n")
            .compactMap { DebianPackage(text: $0) }.sorted()
        try check(packages, against: records.map(\.package))
        return (work.appending("layer.tar.zst"), packages)
    }

    private func check(
        _ packages: [DebianPackage], against chosen: [DebianPackage]
    ) throws(PackageError) {
        guard packages != chosen else { return }
        throw .otherPackages(
            missing: chosen.filter { !packages.contains($0) },
            unexpected: packages.filter { !chosen.contains($0) })
    }

    /// Removes what is in our directory. Files of other owners can only be removed where they
    /// were made.
    func clean() async throws(PackageError) {
        guard kind(of: work) == .directory else { return }
        let result = try await asPackageError(of: "util-linux") { () async throws(ToolError) in
            try await runTool(
                isolation[0],
                isolation.dropFirst() + ["rm", "-rf", "--one-file-system", work.string])
        }
        guard result.status == 0 else {
            throw .toolFailed(tool: "rm", status: result.status, lines: result.lastLines)
        }
    }

    private func arguments(
        _ records: [PackageRecord], _ archives: FilePath
    ) -> [String] {
        [
            "sh", "-c", LayerScript.supervise, "bake", work.string,
            request.variant == .extract ? "extract" : "essential",
            "\(newestBuild(records, in: archives))",
            "copy:" + percentEncoded(archives.string), request.architecture,
            request.keepsDocumentation ? "no" : "yes",
        ]
    }

    /// Packages' scripts must find the system's tools, whatever PATH the user has, and nothing else
    /// of the user's that could show in what they make.
    private var environment: [String: String] {
        [
            "WORK": LayerScript.work,
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/nonexistent", "LANG": "C", "LANGUAGE": "C", "TZ": "UTC", "USER": "root",
            "LOGNAME": "root", "DEBIAN_FRONTEND": "noninteractive",
        ]
    }

    /// When the newest of the packages was built, in seconds since 1970: the time of everything an
    /// installation makes, so that it depends on the packages alone. The first member of a package
    /// has it (deb(5), ar(5)); one that does not has nothing newer.
    private func newestBuild(_ records: [PackageRecord], in archives: FilePath) -> Int {
        records.map { buildTime(of: archives.appending($0.package.fileName)) }.max() ?? 0
    }
}

/// Seconds since 1970. 0 for a package that cannot be read: that one fails the build.
private func buildTime(of package: FilePath) -> Int {
    let timeOffset = 8 + 16
    let timeByteCount = 12
    let opened = try? FileDescriptor.open(package, .readOnly, options: .closeOnExec)  // see above
    guard let file = opened else { return 0 }
    defer { try? file.close() }  // Nothing was written.
    var field = [UInt8](repeating: 0, count: timeByteCount)
    let count = field.withUnsafeMutableBytes { buffer in
        (try? file.read(fromAbsoluteOffset: Int64(timeOffset), into: buffer)) ?? 0  // see above
    }
    let digits = String(decoding: field.prefix(count), as: UTF8.self).prefix { $0 != " " }
    return Int(digits) ?? 0
}

/// Words that run what follows as root of a tree: with mounts and processes of its own, which are
/// gone when it ends, and as a user with those of /etc/subuid at hand. Root without the right to
/// mount, as in a plain container, does without.
private func isolationOfThisUser() async throws(PackageError) -> [String] {
    let namespaces = ["--mount", "--pid", "--fork", "--kill-child"]
    let isRoot = geteuid() == 0
    let words =
        ["unshare"] + (isRoot ? [] : ["--user", "--map-root-user", "--map-auto"]) + namespaces
    let trial = try await asPackageError(of: "util-linux") { () async throws(ToolError) in
        try await runTool(words[0], words.dropFirst() + ["true"])
    }
    if trial.status == 0 { return words }
    guard isRoot else { throw .noNamespaces(detail: trial.complaint) }
    return ["env"]
}

/// For apt, to which a space ends a URI.
func percentEncoded(_ path: String) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var bytes: [UInt8] = []
    for byte in path.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            bytes.append(byte)
        default:
            if "/-._".utf8.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}
