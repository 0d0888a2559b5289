internal import Containers
internal import Glibc
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
    private(set) var imageConfiguration: ImageConfiguration?
    /// Of `--package`: what the layer holds.
    private(set) var packages: [DebianPackage] = []
    /// What was not there and may be missing, each a sentence.
    private(set) var warnings: [String] = []

    private var request: BakeRequest { plan.request }

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

    // MARK: Layers

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
            ) { progress(.preparingPackages(step: $0.text)) }
        } catch {
            throw BakeError(error)
        }
        self.packages = found.packages
        warnings += [found.trouble].compactMap { $0 }
        let scratch = scratch
        add(
            try attempt { () throws(TreeError) in
                try .read(archive: found.archive, name: "packages", scratch: scratch)
            }, .packages, detail: request.names.joined(separator: " "))
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

    private mutating func readTree(
        _ tree: BakeRequest.Tree, number: Int
    ) throws(BakeError) {
        let placement = try Placement(tree)
        do throws(BakeError) {
            var status = stat()
            if stat(tree.path, &status) != 0, errno == ENOENT {
                throw BakeError(.treeMissing(tree: tree.source))
            }
            if let location = ContainerLocation(tree.source) {
                try readImage(location, number, placement)
            } else {
                let isDirectory = status.st_mode & S_IFMT == S_IFDIR
                let layer =
                    isDirectory
                    ? try directory(tree.source, placement)
                    : try placed(try file(tree.source), placement)
                add(layer, .tree(number))
            }
        } catch {
            guard request.allowsMissing, error.isAboutMissingTree else { throw error }
            warnings.append(error.description)
        }
    }

    /// A container image: each of its layers is one of ours.
    private mutating func readImage(
        _ location: ContainerLocation, _ number: Int, _ placement: Placement
    ) throws(BakeError) {
        let image: ContainerImage
        do throws(ContainerError) {
            image = try .read(location, scratch: scratch, options: archiveOptions)
        } catch {
            throw BakeError(error)
        }
        for (index, layer) in image.layers.enumerated() {
            add(try placed(layer, placement), .imageLayer(tree: number, number: index + 1))
        }
        // Its paths mean nothing where the image's root is not the root.
        if request.takesImageConfiguration, placement.isNone {
            imageConfiguration = image.configuration
        }
    }

    private func directory(
        _ path: String, _ placement: Placement
    ) throws(BakeError) -> Layer {
        let layer = try scan(path, name: path, excluding: exclusions.predicate(for: placement))
        return try attempt { () throws(TreeError) in
            try placement.placed(layer.applyingWhiteouts())
        }
    }

    private func file(_ path: String) throws(BakeError) -> Layer {
        switch TreeFileKind(ofFileAt: path) {
        case .archive: try archive(path)
        case .squashfs:
            try Layer.read(squashfs: FilePath(path), scratch: scratch).owned(by: plan.ownerRule)
        case .image:
            try ImageTree(opening: FilePath(path)).checkedLayer(scratch: scratch)
                .owned(by: plan.ownerRule)
        }
    }

    private func archive(_ path: String) throws(BakeError) -> Layer {
        try attempt { () throws(TreeError) in
            try .read(
                archive: FilePath(path), name: path, scratch: scratch, options: archiveOptions)
        }
    }

    private var archiveOptions: ArchiveOptions {
        var options = ArchiveOptions()
        options.owner = plan.ownerRule
        options.dropsAccessControlLists = request.dropsAccessControlLists
        return options
    }

    /// A layer that was read whole, at its place and without what is excluded there.
    private func placed(_ layer: Layer, _ placement: Placement) throws(BakeError) -> Layer {
        try attempt { () throws(TreeError) in
            exclusions.applied(to: try placement.placed(try layer.applyingWhiteouts()))
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

    private func scan(
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
            reversesNames: request.reversesNames)
    }

    private func attempt<Value>(
        _ body: () throws(TreeError) -> Value
    ) throws(BakeError) -> Value {
        do throws(TreeError) {
            return try body()
        } catch {
            throw BakeError(error)
        }
    }

    private mutating func add(_ layer: Layer, _ origin: LayerOrigin, detail: String = "") {
        layers.append(InputLayer(layer: layer, origin: origin, detail: detail))
    }
}
