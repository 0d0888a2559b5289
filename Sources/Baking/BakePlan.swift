internal import BakeContract
internal import Blobs
internal import Kernels
internal import SystemPackage
internal import Trees

/// Everything a bake needs besides the trees, opened and checked before any of them is read.
struct BakePlan {
    let request: BakeRequest
    let ownerRule: OwnerRule
    let modeRules: [ModeRule]
    let conflictRule: ConflictRule
    let packing: BlobPacking
    let kernel: KernelImage
    private let bundle: KernelBundle
    let fitness: KernelFitness
    let commandLine: [UInt8]
    let warnings: [String]

    /// The kind of the blob, and how it is compressed.
    enum BlobPacking {
        case squashfs(Compression)
        case tar(StreamCompression)

        var demand: ImageDemands.Blob {
            switch self {
            case .squashfs(let compression):
                .squashfs(.init(rawValue: compression.algorithm.rawValue)!)
            case .tar: .tar
            }
        }
    }

    init(
        _ request: BakeRequest, cache: KernelCache
    ) throws(BakeError) {
        let packing = try Self.packing(of: request)
        let demands = ImageDemands(blob: packing.demand)
        self.request = request
        ownerRule = try OwnerRule(flag: request.ownerRule)
        modeRules = try Self.modeRules(of: request)
        conflictRule = try Self.conflictRule(of: request)
        self.packing = packing
        do throws(KernelsError) {
            bundle = try cache.resolve(request.kernel)
            kernel = try KernelImage.read(bundle.kernelPath)
            fitness = try bundle.fitness(for: demands)
        } catch {
            throw BakeError(error)
        }
        commandLine = try Self.commandLine(of: request, kernel: kernel)
        warnings = (kernel.warnings + fitness.warnings).map(\.description)
    }

    /// What the image brings of the kernel's modules. Only the configuration, known once the trees
    /// are merged, says which file systems it mounts.
    func modules(for configuration: Configuration) throws(BakeError) -> ModuleSelection {
        var demands = configuration.driverDemands
        demands.modules = request.modules
        do {
            return try bundle.modules(for: fitness, demands)
        } catch {
            throw BakeError(error)
        }
    }

    static func modeRules(of request: BakeRequest) throws(BakeError) -> [ModeRule] {
        var rules: [ModeRule] = []
        for text in request.modeRules {
            guard let rule = ModeRule(text) else {
                throw BakeError(
                    .malformedInput, "--chmod '\(text)' is not MODE:PATTERN",
                    hint: "--chmod 755:/usr/local/bin/app or --chmod 'go-rwx:*.key'")
            }
            rules.append(rule)
        }
        return rules
    }

    static func conflictRule(of request: BakeRequest) throws(BakeError) -> ConflictRule {
        guard let rule = ConflictRule(rawValue: request.conflictRule) else {
            throw BakeError(
                .malformedInput,
                "--on-conflict is refuse or replace, not '\(request.conflictRule)'")
        }
        return rule
    }

    /// What the flag says, or the blob kind's default. The algorithms have the same names for both
    /// kinds; their levels differ.
    private static func packing(of request: BakeRequest) throws(BakeError) -> BlobPacking {
        do throws(BlobError) {
            let text = request.compression
            switch request.blobKind {
            case .squashfs: return .squashfs(try text.map(Compression.init(parsing:)) ?? .standard)
            case .tar: return .tar(try text.map(StreamCompression.init(parsing:)) ?? .fastest)
            }
        } catch {
            throw BakeError(error, output: request.output)
        }
    }

    /// What a launcher that says nothing needs: words on the serial console, no kernel chatter
    /// before the program's, a machine that ends when its kernel cannot go on, and no panic where
    /// a busy host delays the first timer interrupts ("IO-APIC + timer doesn't work").
    private static let standardCommandLine =
        "console=tty0 console=ttyS0 panic=-1 no_timer_check quiet"

    private static func commandLine(
        of request: BakeRequest, kernel: KernelImage
    ) throws(BakeError) -> [UInt8] {
        let added = request.kernelCommandLine ?? ""
        if added.contains("{") || " \(added) ".contains(" -- ") {
            throw BakeError(
                .malformedInput,
                "the kernel command line '\(added)' holds '{' or ' -- ', where overrides begin",
                hint: "put settings of the program into the configuration: -c, -e, --hostname, --")
        }
        let text = added.isEmpty ? standardCommandLine : "\(standardCommandLine) \(added)"
        let limit = min(kernel.commandLineLimit, 2047)
        guard text.utf8.count <= limit else {
            throw BakeError(
                .malformedInput,
                "the kernel command line is \(text.utf8.count) bytes long with bake's own words, "
                    + "the kernel takes \(limit)")
        }
        return Array(text.utf8)
    }
}
