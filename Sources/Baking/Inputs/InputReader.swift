internal import Containers
internal import Kernels
internal import Packages
internal import Programs
internal import SystemPackage
internal import Trees

/// Reads everything a request names, lowest first: what the guest mounts on, the default /etc, the
/// packages, the installed programs, each `-R`, the nodes.
struct InputReader {
    let plan: any InputRules
    let installation: Installation
    /// The output that stands there now, and what else is no part of a tree it lies in.
    let leftOut: Set<HostIdentity>
    /// A directory with room for the contents of archives.
    let scratch: FilePath
    let exclusions: Exclusions
    let progress: (BakeProgress) -> Void

    private let cacheRoot: FilePath
    private(set) var layers: [InputLayer] = []
    /// Of the last container image, where its settings are wanted.
    var imageConfiguration: ImageConfiguration?
    /// Of `--package`: what the layer holds.
    private(set) var packages: [DebianPackage] = []
    /// What was not there and may be missing, each a sentence.
    var warnings: [String] = []

    var request: BakeRequest { plan.request }

    init(
        _ plan: some InputRules, _ baker: Baker, _ output: OutputCheck,
        _ progress: @escaping (BakeProgress) -> Void
    ) throws(BakeError) {
        self.plan = plan
        installation = baker.installation
        cacheRoot = baker.cache.root
        leftOut = Set(
            ([output.identity] + plan.request.leftOut.map(OutputCheck.identity)).compactMap { $0 })
        scratch = output.directory
        exclusions = try Exclusions(plan.request.excludes)
        self.progress = progress
    }

    /// Gives the layers away: together they take as much memory as what is made of them.
    mutating func takeLayers() -> [Layer] {
        defer { layers = [] }
        return layers.map(\.layer)
    }

    mutating func read() async throws(BakeError) {
        try readOwn()
        try await readPackages()
        try readPrograms()
        for (index, tree) in request.trees.enumerated() {
            progress(.reading(tree: tree.source))
            try readTree(tree, number: index + 1)
        }
        try readNodes()
    }

    private mutating func readOwn() throws(BakeError) {
        let time = request.ownTime
        add(.mountPoints(mtimeSeconds: time), .bake)
        switch request.defaultEtc {
        case .none: break
        case .shipped:
            let directory = installation.defaultEtc
            add(
                try attempt { () throws(TreeError) in
                    try .defaultEtc(at: directory, mtimeSeconds: time)
                }, .defaultEtc)
        case .directory(let path):
            add(try scan(path, name: path, excluding: nil), .defaultEtc)
        }
    }

    /// `--package`: one layer, made by mmdebstrap or taken from the cache.
    private mutating func readPackages() async throws(BakeError) {
        let request = request.packages
        if request.names.isEmpty { return }
        let packages = try PackageRequest(request)
        let progress = progress
        let found: PackageSet
        do {
            found = try await PackageCache(directory: cacheRoot.appending("packages")).resolve(
                packages, refresh: request.isRefreshed
            ) { progress(.preparingPackages(step: $0.description)) }
        } catch {
            throw BakeError(error)
        }
        self.packages = found.packages
        warnings += [found.trouble].compactMap { $0 }
        let scratch = scratch
        var options = ArchiveOptions()
        options.dropsAccessControlLists = self.request.dropsAccessControlLists
        let layer = try attempt { () throws(TreeError) -> Layer in
            try .read(
                archive: found.archive, name: "packages", scratch: scratch, options: options)
        }
        // Only now may the cache evict the archive.
        _ = consume found
        add(layer, .packages, detail: request.names.joined(separator: " "))
    }

    /// `--install`: programs with all they need.
    private mutating func readPrograms() throws(BakeError) {
        let asked = request.hostPrograms
        if asked.paths.isEmpty { return }
        progress(.reading(tree: asked.sysroot ?? "/"))
        let programs = InstallRequest(
            paths: asked.paths, sysroot: asked.sysroot.map { FilePath($0) },
            allowsMissing: request.allowsMissing)
        do throws(ProgramError) {
            add(
                try .install(
                    programs, options: scanOptions(excluding: nil),
                    mtimeSeconds: request.ownTime), .install)
        } catch {
            throw BakeError(error)
        }
    }

    /// `--node`: lines of the text form.
    private mutating func readNodes() throws(BakeError) {
        if request.nodes.isEmpty { return }
        do throws(TreeTextError) {
            add(
                try Layer(name: "--node", text: request.nodes.joined(separator: "\n")), .nodes)
        } catch {
            throw BakeError(
                .malformedInput,
                "--node '\(request.nodes[error.line - 1])': column \(error.column): "
                    + "expected \(error.expected)",
                hint: "--node 'c 0600 0:0 0 /dev/console 5:1'; see docs/trees.md")
        }
    }

    // MARK: Details

    func scan(
        _ path: String, name: String, excluding: (@Sendable (TreePath) -> Bool)?
    ) throws(BakeError) -> Layer {
        let options = scanOptions(excluding: excluding)
        return try attempt { () throws(TreeError) in
            try .scan(directory: FilePath(path), name: name, options: options)
        }
    }

    private func scanOptions(excluding: (@Sendable (TreePath) -> Bool)?) -> ScanOptions {
        ScanOptions(
            owner: plan.ownerRule, leavingOut: leftOut,
            mayChange: request.allowsChanging, staysOnFileSystem: request.staysOnFileSystem,
            dropsACLs: request.dropsAccessControlLists, excluding: excluding,
            reversesNames: request.reversesNames, scratch: Scratch(directory: scratch))
    }

    func attempt<Value>(
        _ body: () throws(TreeError) -> Value
    ) throws(BakeError) -> Value {
        do throws(TreeError) {
            return try body()
        } catch {
            throw BakeError(error)
        }
    }

    mutating func add(_ layer: Layer, _ origin: LayerOrigin, detail: String = "") {
        layers.append(InputLayer(layer: layer, origin: origin, detail: detail))
    }
}
