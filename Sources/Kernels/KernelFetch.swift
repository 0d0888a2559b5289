internal import SystemPackage
internal import Tools

/// `bake kernel fetch`: a Debian kernel package into the cache, without root and without
/// installing it.
public struct KernelFetch: Sendable {
    /// What is going on, for a progress line.
    public enum Step: Equatable, Sendable {
        case waitingForAnother
        case readingPackageLists
        case found(package: String, packageVersion: String)
        case downloading(package: String)
        case unpacking(package: String)
    }

    public struct Outcome: Equatable, Sendable {
        public let bundle: KernelBundle
        /// The package the kernel came from, and its version.
        public let package: String
        public let packageVersion: String
        /// It was in the cache; nothing was changed.
        public let wasThere: Bool
        public let warnings: [KernelWarning]
    }

    public static let defaultPackage = "linux-image-cloud-amd64"

    let cache: KernelCache
    private let environment: [String: String]

    public init(cache: KernelCache) {
        self.init(cache: cache, environment: [:])
    }

    /// `environment` is added to that of the tools: tests name their own sources there.
    init(cache: KernelCache, environment: [String: String]) {
        self.cache = cache
        self.environment = environment
    }

    /// Fetches `package`, following metapackages to the kernel they stand for. The kernel appears
    /// in the cache complete or not at all. When the sources cannot be reached and a kernel
    /// fetched by the same name is there, that one is the outcome, with a warning.
    public func fetch(
        _ package: String = defaultPackage, progress: @Sendable (Step) -> Void = { _ in }
    ) async throws(KernelsError) -> Outcome {
        guard isPackageName(package) else { throw .fetchFailed(package: package, reason: .badName) }
        try makeDirectories(cache.kernelsPath)
        let lock = try asKernelsError { () throws(FileFailure) in
            try CacheLock(cache.kernelsPath.appending(".lock")) { progress(.waitingForAnother) }
        }
        defer { lock.release() }
        let apt = try PackageSource(
            state: try absolute(cache.root).appending("apt"), environment: environment)

        progress(.readingPackageLists)
        let trouble = try await apt.refresh(for: package)
        do {
            let found = try await kernelPackages(for: package, from: apt)
            progress(.found(package: found.kernel.name, packageVersion: found.kernel.version))
            if let record = try cache.records().first(where: { $0.package == found.kernel }) {
                return outcome(record, wasThere: true, trouble: trouble)
            }
            let record = try await install(found, requested: package, from: apt, progress)
            return outcome(record, wasThere: false, trouble: nil)
        } catch .fetchFailed(let name, let reason) {
            // Stale lists name packages that are gone, missing lists none at all: either way the
            // trouble with the sources is the cause, and a kernel that is there will do.
            guard let trouble, reason.canComeFromSources else {
                throw .fetchFailed(package: name, reason: reason)
            }
            if let record = try cache.records().first(where: { $0.requested == package }) {
                return outcome(record, wasThere: true, trouble: trouble)
            }
            throw .fetchFailed(package: package, reason: .noNetwork(detail: trouble))
        }
    }

    private func outcome(_ record: KernelRecord, wasThere: Bool, trouble: String?) -> Outcome {
        Outcome(
            bundle: record.bundle, package: record.package.name,
            packageVersion: record.package.version, wasThere: wasThere,
            warnings: trouble.map { [.notRefreshed(reason: $0)] } ?? [])
    }
}

/// The package with a kernel, and those with its modules where a distribution keeps them apart.
struct KernelPackages: Equatable, Sendable {
    let kernel: DebianPackage
    let modules: [DebianPackage]
    /// Length of the packages and of what they unpack to, in bytes.
    let byteCount: Int
}

/// Follows `linux-image-cloud-amd64` to `linux-image-6.1.0-56-cloud-amd64`: a metapackage depends
/// on another linux-image, the package with the kernel on none.
func kernelPackages(
    for requested: String, from apt: PackageSource
) async throws(KernelsError) -> KernelPackages {
    var name = requested
    var visited: Set<String> = []
    while visited.insert(name).inserted {
        guard let fields = try await apt.fields(of: name) else {
            throw .fetchFailed(package: name, reason: .unknownPackage)
        }
        let dependencies = dependencyNames(fields["Depends"] ?? "")
        if let next = dependencies.first(where: { $0.hasPrefix("linux-image-") }) {
            name = next
            continue
        }
        var modules: [DebianPackage] = []
        var byteCount = spaceNeeded(fields)
        for name in dependencies where name.hasPrefix("linux-modules-") {
            guard let fields = try await apt.fields(of: name) else {
                throw .fetchFailed(package: name, reason: .unknownPackage)
            }
            modules.append(DebianPackage(name: name, version: fields["Version"] ?? ""))
            byteCount += spaceNeeded(fields)
        }
        return KernelPackages(
            kernel: DebianPackage(name: name, version: fields["Version"] ?? ""), modules: modules,
            byteCount: byteCount)
    }
    throw .fetchFailed(package: requested, reason: .notInPackage("kernel"))
}

/// `Size` counts bytes, `Installed-Size` KiB (deb-control(5)).
private func spaceNeeded(_ fields: [String: String]) -> Int {
    let archive = fields["Size"].flatMap { Int($0) } ?? 0
    let installed = fields["Installed-Size"].flatMap { Int($0) } ?? 0
    return archive + 1024 * min(installed, 1 << 40)
}

extension KernelFetch.Step: CustomStringConvertible {
    public var description: String {
        switch self {
        case .waitingForAnother: "waiting for another fetch to end"
        case .readingPackageLists: "reading the package lists"
        case .found(let package, let version): "found \(package) \(version)"
        case .downloading(let package): "downloading \(package)"
        case .unpacking(let package): "unpacking \(package)"
        }
    }
}
