import Foundation

/// The kernel that `bake kernel fetch` put into bake's cache; `scripts/test` fetches it.
public struct TestKernel: Sendable {
    public let version: String
    /// Holds `vmlinuz`, `config` and `modules`.
    public let directory: String

    public var image: String { "\(directory)/vmlinuz" }
    public var configuration: String { "\(directory)/config" }
    public var modules: String { "\(directory)/modules" }

    /// The cache directory by the same rule as the command: BAKE_CACHE, XDG_CACHE_HOME, ~/.cache.
    public static func newest() throws -> TestKernel {
        let environment = ProcessInfo.processInfo.environment
        let cache =
            environment["BAKE_CACHE"] ?? environment["XDG_CACHE_HOME"].map { "\($0)/bake" }
            ?? "\(NSHomeDirectory())/.cache/bake"
        let kernels = "\(cache)/kernels"
        guard FileManager.default.fileExists(atPath: kernels) else {
            throw TestFailure("no kernel in \(kernels): run bake kernel fetch first")
        }
        let versions = try FileManager.default.contentsOfDirectory(atPath: kernels)
            .filter { FileManager.default.fileExists(atPath: "\(kernels)/\($0)/vmlinuz") }
            .sorted { $0.compare($1, options: .numeric) == .orderedAscending }
        guard let version = versions.last else {
            throw TestFailure("no kernel in \(kernels): run bake kernel fetch first")
        }
        return TestKernel(version: version, directory: "\(kernels)/\(version)")
    }

    /// A cache with this kernel that every user can read: the path for BAKE_CACHE.
    public static func copy(toCacheIn scratch: TemporaryDirectory) throws -> String {
        let kernel = try newest()
        let kernels = scratch.path("cache/kernels")
        try FileManager.default.createDirectory(atPath: kernels, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            atPath: kernel.directory, toPath: "\(kernels)/\(kernel.version)")
        return scratch.path("cache")
    }
}
