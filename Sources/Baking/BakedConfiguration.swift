internal import BakeContract
internal import Containers
internal import SystemPackage
internal import Trees

/// The configuration that goes into the image: what a container image says of its program; over it
/// the file given with `-c`, else the merged tree's own /rumpconfig.json; over it what flags say.
struct BakedConfiguration {
    /// As rumpconfig.json: the user's own bytes where no flag changes them; nil when neither a
    /// file nor a flag says anything.
    let text: Bytes?
    private let mtimeSeconds: Int64
    let configuration: Configuration
    /// What was read in rumprun's dialect: a place and what is odd there.
    let notes: [String]

    private static let path: TreePath = "rumpconfig.json"

    /// - Parameter image: what a container image says of its program.
    init(
        _ request: BakeRequest, tree: MergedTree, image: ImageConfiguration?
    ) throws(BakeError) {
        let source = try Self.source(request, tree)
        let patch = Self.patch(of: request)
        mtimeSeconds = request.ownTime
        do throws(ConfigurationError) {
            var sources: [SourceSettings] = []
            if let image {
                let defaults = JSONFileSource(
                    kind: .baked, file: Bytes("configuration of the container image".utf8),
                    text: image.asConfiguration.compactText)
                sources.append(try defaults.settings())
            }
            if let source {
                let file = JSONFileSource(kind: .baked, file: source.name, text: source.text)
                sources.append(try file.settings())
            }
            if let patch {
                // Flags stand to the file as `bake set` stands to the finished image.
                let flags = JSONFileSource(
                    kind: .room, file: Bytes("command line".utf8), text: patch.compactText)
                sources.append(try flags.settings())
            }
            let effective = try EffectiveConfiguration(sources, .making)
            configuration = effective.configuration
            notes = effective.notes.map { "\($0.place): \($0.problem.description)" }
            let isUnchanged = patch == nil && image == nil
            text = isUnchanged ? source?.text : effective.value.sorted.prettyText
        } catch {
            throw BakeError(.malformedInput, error.description)
        }
    }

    /// The top layer: /rumpconfig.json as programs see it.
    var layer: InputLayer? {
        text.map { text in
            var layer = Layer(name: "configuration")
            layer.add(.file(text, mtimeSeconds: mtimeSeconds), at: Self.path)
            return InputLayer(layer: layer, origin: .configuration)
        }
    }

    /// Refuses programs that could not start. What is mounted at boot is not known here, so with
    /// file systems of the configuration's own nothing is said.
    ///
    /// - Returns: what may keep programs from starting, each a sentence.
    func checkPrograms(in tree: MergedTree) throws(BakeError) -> [String] {
        guard configuration.blockDevices.isEmpty, configuration.mounts.isEmpty else { return [] }
        let check = ProgramCheck(tree: tree)
        var warnings: [String] = []
        for program in configuration.allPrograms where program.bin.contains(UInt8(ascii: "/")) {
            let variables = configuration.environment + program.environment
            let finding: ProgramCheck.Finding
            do throws(TreeError) {
                finding = try check.finding(
                    of: program.bin,
                    checksLibraries: !variables.contains(where: \.changesLibrarySearch))
            } catch {
                throw BakeError(error)
            }
            if let flaw = finding.flaw {
                throw BakeError(
                    .malformedInput, "the program cannot start: \(flaw.description)",
                    hint: flaw.hint)
            }
            warnings += finding.warnings.map {
                "the program may not start: \($0.description); \($0.hint)"
            }
        }
        return warnings
    }

    private static func source(
        _ request: BakeRequest, _ tree: MergedTree
    ) throws(BakeError) -> (text: Bytes, name: Bytes)? {
        if let file = request.configurationFile {
            do {
                return (try readWholeFile(FilePath(file)), Bytes(file.utf8))
            } catch {
                throw BakeError(.missingInput, "cannot read '\(file)': \(error)")
            }
        }
        guard case .found(let place, let node) = tree.resolve(path.bytes) else { return nil }
        do throws(TreeError) {
            guard
                let text = try node.content(limitByteCount: JSONLimits.configuration.byteCount + 1)
            else { return nil }
            let owner = tree.entry(at: place)?.layerIndex.map { tree.layerNames[$0] } ?? ""
            return (text, Bytes("\(owner)\(place)".utf8))
        } catch {
            throw BakeError(error)
        }
    }

    /// What the flags say as a merge patch; nil when they say nothing.
    private static func patch(of request: BakeRequest) -> JSONValue? {
        var members: [JSONMember] = []
        if let hostname = request.hostname {
            members.append(JSONMember(Bytes("hostname".utf8), .text(hostname)))
        }
        if !request.environment.isEmpty {
            let variables = request.environment.map { JSONMember($0.name, .bytes($0.value)) }
            members.append(JSONMember(Bytes("env".utf8), .object(variables)))
        }
        let networks = request.networks.compactMap { NetworkSpecification(parsing: Bytes($0.utf8)) }
        if !networks.isEmpty {
            members.append(
                JSONMember(Bytes("net".utf8), .array(networks.map { $0.entry(for: $0.tag) })))
        }
        if let bin = request.program.first {
            let program = JSONValue.object([
                JSONMember(Bytes("bin".utf8), .string(bin)),
                JSONMember(
                    Bytes("argv".utf8), .array(request.program.dropFirst().map(JSONValue.bytes))),
            ])
            members.append(JSONMember(Bytes("rc".utf8), .array([program])))
        }
        return members.isEmpty ? nil : .object(members)
    }
}

extension Configuration {
    fileprivate var allPrograms: [Program] {
        switch workload {
        case .nothing: []
        case .programs(let programs): programs
        case .initProgram(let program): [program]
        }
    }
}

extension EnvironmentVariable {
    /// Loaders look at variables that begin so: LD_LIBRARY_PATH, LD_PRELOAD (ld.so(8)).
    fileprivate var changesLibrarySearch: Bool { name.starts(with: "LD_".utf8) }
}
