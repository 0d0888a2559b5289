internal import Glibc
public import SystemPackage
internal import Tools

/// Layers made of packages, under bake's cache.
///
///     DIRECTORY/LIST.tar.zst   a layer; LIST is the digest of its exact packages and of how it was made
///              /LIST.list      "sha256 DIGEST" of it, then "NAME VERSION ARCHITECTURE" a line
///              /REQUEST.choice the LIST that a request came to, then the request
///              /apt-SOURCES    apt's lists and downloads from one set of sources
///              /work           a layer being made
///              /.lock
///
/// Safe to delete at any time.
public struct PackageCache: Sendable {
    /// What is going on, for a progress line.
    public enum Step: Equatable, Sendable {
        case waitingForAnother
        case readingPackageLists
        case resolving
        case fetching(packageCount: Int, byteCount: Int)
        case unpacking
        case configuring
        case packing
    }

    public static let defaultLimitByteCount = 4 << 30

    public let directory: FilePath
    private let limitByteCount: Int
    private let hostRoot: FilePath
    private let environment: [String: String]

    /// Over `limitByteCount` what was used least recently is removed.
    public init(directory: FilePath, limitByteCount: Int = defaultLimitByteCount) {
        self.init(directory: directory, limitByteCount: limitByteCount, hostRoot: "/")
    }

    /// `environment` is added to that of the tools: tests name their own sources there.
    init(
        directory: FilePath, limitByteCount: Int = defaultLimitByteCount, hostRoot: FilePath,
        environment: [String: String] = [:]
    ) {
        self.directory = directory
        self.limitByteCount = limitByteCount
        self.hostRoot = hostRoot
        self.environment = environment
    }

    /// The layer for a request. One that was made before is taken as it is, without network, unless
    /// `refresh` asks what the sources have today; when that comes to the same packages, or the
    /// sources cannot be reached, it is the layer that is there.
    public func resolve(
        _ request: PackageRequest, refresh: Bool = false, progress: (Step) -> Void = { _ in }
    ) async throws(PackageError) -> PackageSet {
        let requested = try request.sortedPackages()
        try request.checkNames()
        let host = HostSources(root: hostRoot, environment: environment)
        let keys = RequestKeys(
            request, requested, hostText: host.text(configuredBy: aptConfiguration))
        if !refresh, let archive = madeBefore(for: keys) {
            return PackageSet(archive, wasCached: true)
        }

        let cache = try prepared()
        let lock = try await cache.lock(progress)
        defer { lock.release() }
        // Whoever was waited for may have made it.
        if !refresh, let archive = cache.madeBefore(for: keys) {
            return PackageSet(archive, wasCached: true)
        }
        return try await cache.make(request, requested, keys, host, progress)
    }

    /// Asks again and again instead of waiting in the kernel, which would keep the holder, if it is
    /// another task of ours, from its thread.
    private func lock(_ progress: (Step) -> Void) async throws(PackageError) -> CacheLock {
        var isAnnounced = false
        while true {
            let lock = try asPackageError { () throws(FileFailure) in
                try CacheLock(ifFree: directory.appending(".lock"))
            }
            if let lock { return lock }
            if !isAnnounced { progress(.waitingForAnother) }
            isAnnounced = true
            // Being cancelled only means asking sooner.
            try? await Task.sleep(nanoseconds: 100_000_000)  // as said above
        }
    }

    private var aptConfiguration: String? {
        environment["APT_CONFIG"] ?? getenv("APT_CONFIG").map { String(cString: $0) }
    }

    /// The same with its directory there, and its path absolute.
    private func prepared() throws(PackageError) -> PackageCache {
        let path = try asPackageError { () throws(FileFailure) in
            try makeDirectories(directory)
            return try absolute(directory)
        }
        return PackageCache(
            directory: path, limitByteCount: limitByteCount, hostRoot: hostRoot,
            environment: environment)
    }

    /// Asks the sources, and makes the layer unless it is there. The caller holds the lock.
    private func make(
        _ request: PackageRequest, _ requested: [RequestedPackage], _ keys: RequestKeys,
        _ host: HostSources, _ progress: (Step) -> Void
    ) async throws(PackageError) -> PackageSet {
        let build = try await LayerBuild(of: request, in: directory.appending("work"))
        let sources = try await PackageSources.of(request, host: host)
        let state = directory.appending("apt-" + keys.sources)
        let lists = try PackageLists(
            of: request, from: sources, state: state, environment: environment)

        progress(.readingPackageLists)
        let trouble = try await lists.update()
        if let trouble, let archive = madeBefore(for: keys) {
            return PackageSet(archive, wasCached: true, trouble: trouble.text)
        }
        progress(.resolving)
        let records = try await blaming(trouble) { () async throws(PackageError) in
            try await lists.records(of: try await lists.choose(requested))
        }
        let name = listName(of: records, request)
        if let archive = entry(name) {
            try remember(name, for: keys)
            return PackageSet(archive, wasCached: true, trouble: trouble?.text)
        }
        progress(
            .fetching(
                packageCount: records.count, byteCount: records.reduce(0) { $0 + $1.byteCount }))
        try await lists.download(records)
        let (archive, packages) = try await build.run(
            records, archives: lists.archives, progress)
        let made = try keep(archive, of: packages, as: name)
        try await build.clean()
        try remember(name, for: keys)
        evict(sparing: state, limitByteCount: limitByteCount)
        return PackageSet(made, wasCached: false, trouble: trouble?.text)
    }

    /// Stale lists name packages that are gone, missing lists none at all: when the sources could
    /// not be reached, that is the cause of whatever follows.
    private func blaming<Result: Sendable>(
        _ trouble: AptTrouble?, _ operation: () async throws(PackageError) -> Result
    ) async throws(PackageError) -> Result {
        do {
            return try await operation()
        } catch {
            guard let trouble, error.canComeFromSources else { throw error }
            throw trouble.failure
        }
    }
}

extension PackageError {
    fileprivate var canComeFromSources: Bool {
        switch self {
        case .unknownPackages, .virtualPackage, .unknownVersion, .unsatisfiable, .toolFailed: true
        default: false
        }
    }
}

extension PackageCache.Step {
    /// From what mmdebstrap, or the script around it, says it is doing.
    init?(mmdebstrap line: String) {
        if line.hasPrefix("I: extracting archives") {
            self = .unpacking
        } else if line.hasPrefix("I: installing ") {
            self = .configuring
        } else if line == "I: packing" {
            self = .packing
        } else {
            return nil
        }
    }
}

extension PackageCache.Step: CustomStringConvertible {
    public var description: String {
        switch self {
        case .waitingForAnother: "waiting for another bake to end"
        case .readingPackageLists: "reading the package lists"
        case .resolving: "resolving packages"
        case .fetching(let count, let byteCount):
            "fetching \(count) packages (\(byteCount >> 20) MiB)"
        case .unpacking: "unpacking packages"
        case .configuring: "configuring packages"
        case .packing: "packing the layer"
        }
    }
}
