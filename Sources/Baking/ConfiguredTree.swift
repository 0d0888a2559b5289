public import BakeContract
internal import SystemPackage
internal import Trees

/// A tree that a configuration is for, and what of the configuration does not fit it.
public struct ConfiguredTree: Sendable {
    private let tree: MergedTree

    public struct Finding: Sendable {
        public let fault: ConfigurationFault
        /// Whether the guest will fail for it, as far as the tree tells.
        public let isCertain: Bool
    }

    /// The tree of an image.
    public init(imageAt path: String) throws(BakeError) {
        tree = try ImageTree(opening: FilePath(path)).tree()
    }

    /// Programs that are not there or cannot be executed, directories that are none. Nothing is
    /// said of programs where file systems are mounted that nobody can see here.
    public func findings(_ effective: EffectiveConfiguration) -> [Finding] {
        let configuration = effective.configuration
        var findings: [Finding] = []
        let isComplete = configuration.blockDevices.isEmpty && configuration.mounts.isEmpty
        if isComplete {
            for (program, path) in effective.programsWithPaths {
                findings += self.findings(of: program, at: path)
            }
        }
        for index in configuration.mounts.indices {
            let place = ConfigurationPath([.key(Bytes("mounts".utf8)), .index(index)])
            findings += finding(
                ofDirectory: configuration.mounts[index].mountPoint, at: place, "mountpoint")
        }
        for index in configuration.blockDevices.indices {
            guard let target = configuration.blockDevices[index].mountPoint else { continue }
            let place = ConfigurationPath([.key(Bytes("blk".utf8)), .index(index)])
            findings += finding(ofDirectory: target, at: place, "mountpoint")
        }
        return findings
    }

    private func findings(of program: Program, at path: ConfigurationPath) -> [Finding] {
        var findings: [Finding] = []
        if program.bin.contains(UInt8(ascii: "/")) {
            if let flaw = flaw(of: program.bin) {
                findings.append(Self.finding(path, "bin", flaw, isCertain: true))
            }
        }
        if let directory = program.workingDirectory {
            findings += finding(ofDirectory: directory, at: path, "workdir")
        }
        return findings
    }

    private func flaw(of bin: Bytes) -> String? {
        let name = String(printable: bin)
        guard case .found(_, let node) = tree.resolve(bin) else {
            return "'\(name)' is not in the tree"
        }
        guard case .regular = node.kind else { return "'\(name)' is \(node.kind.noun)" }
        return node.permissions & 0o111 == 0 ? "'\(name)' is not executable" : nil
    }

    /// A mount point that is not there is made at boot; one that is something else cannot be.
    private func finding(
        ofDirectory directory: Bytes, at path: ConfigurationPath, _ key: String
    ) -> [Finding] {
        switch tree.resolve(directory) {
        case .found(_, let node) where !node.isDirectory:
            let text = "'\(String(printable: directory))' is \(node.kind.noun), not a directory"
            return [Self.finding(path, key, text, isCertain: true)]
        case .missing where key == "workdir":
            let text = "'\(String(printable: directory))' is not in the tree"
            return [Self.finding(path, key, text, isCertain: false)]
        case .found, .missing, .tooManyLinks: return []
        }
    }

    private static func finding(
        _ path: ConfigurationPath, _ key: String, _ why: String, isCertain: Bool
    ) -> Finding {
        // `cmdline` and `init` are one string, with no keys in it.
        let isText = path.components.count == 1
        let path =
            isText ? path : ConfigurationPath(path.components + [.key(Bytes(key.utf8))])
        return Finding(
            fault: ConfigurationFault(path: path, problem: .refused(path, why: why)),
            isCertain: isCertain)
    }
}

extension ConfiguredTree {
    /// The trees of `-R`, merged as a bake would over the default /etc; nil for none.
    public init?(merging baker: Baker, _ request: BakeRequest) async throws(BakeError) {
        guard request.hasTree else { return nil }
        let plan = try TreePlan(request)
        var reader = try InputReader(plan, baker, try OutputCheck(request), { _ in })
        try await reader.read()
        tree = try baker.merge(&reader, plan).tree
    }
}

extension EffectiveConfiguration {
    /// Each program with the value that names it.
    fileprivate var programsWithPaths: [(Program, ConfigurationPath)] {
        switch configuration.workload {
        case .nothing: return []
        case .initProgram(let program): return [(program, Self.path("init"))]
        case .programs(let programs) where value["cmdline"] != nil:
            return programs.map { ($0, Self.path("cmdline")) }
        case .programs(let programs):
            return programs.indices.map { index in
                (
                    programs[index],
                    ConfigurationPath([.key(Bytes("rc".utf8)), .index(index)])
                )
            }
        }
    }

    private static func path(_ key: String) -> ConfigurationPath {
        ConfigurationPath([.key(Bytes(key.utf8))])
    }
}
