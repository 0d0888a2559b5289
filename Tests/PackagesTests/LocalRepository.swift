import Foundation
import Synchronization
import SystemPackage
import TestSupport

@testable import Packages

/// A flat apt repository of small packages in a directory, and a cache to make layers in.
final class LocalRepository: Sendable {
    struct Package {
        var name: String
        var version = "1:2-3"
        var depends = ""
        var content = "some\n"
    }

    let directory: TemporaryDirectory

    init(_ packages: [Package] = LocalRepository.packages) throws {
        directory = try TemporaryDirectory()
        try directory.write(
            "deb [trusted=yes] copy:\(directory.path)/repository ./\n", to: "sources.list")
        try directory.write(
            """
            Dir::Etc::sourcelist "\(directory.path)/sources.list";
            Dir::Etc::sourceparts "-";

            """, to: "apt.conf")
        try publish(packages)
    }

    static let packages = [
        Package(name: "bake-first", depends: "bake-second (>= 1)"), Package(name: "bake-second"),
        Package(name: "bake-third"),
    ]

    func cache(_ name: String = "cache", limitByteCount: Int = 1 << 30) -> PackageCache {
        PackageCache(
            directory: FilePath(directory.path(name)), limitByteCount: limitByteCount,
            hostRoot: FilePath(directory.path), environment: environment)
    }

    private var environment: [String: String] { ["APT_CONFIG": directory.path("apt.conf")] }

    /// The same cache on a machine where no program can be started, so that nothing is fetched.
    var cacheWithoutTools: PackageCache {
        PackageCache(
            directory: FilePath(directory.path("cache")), hostRoot: FilePath(directory.path),
            environment: environment.merging(["PATH": "/nonexistent"]) { $1 })
    }

    func resolve(
        _ packages: String..., cache: PackageCache? = nil, refresh: Bool = false
    ) async throws -> PackageSet {
        try await (cache ?? self.cache()).resolve(
            PackageRequest(packages: packages, variant: .extract), refresh: refresh)
    }

    func remove() throws {
        try FileManager.default.removeItem(atPath: directory.path("repository"))
    }

    /// Builds all packages anew, with times that stay the same.
    func publish(_ packages: [Package]) throws {
        try? FileManager.default.removeItem(atPath: directory.path("repository"))  // May be absent.
        try FileManager.default.createDirectory(
            atPath: directory.path("repository"), withIntermediateDirectories: true)
        let index = try packages.map { try add($0) }
        try directory.write(index.joined(separator: "\n"), to: "repository/Packages")
    }

    private func add(_ package: Package) throws -> String {
        let tree = directory.path("tree/\(package.name)")
        var control = """
            Package: \(package.name)
            Version: \(package.version)
            Architecture: all
            Maintainer: Nobody <nobody@localhost>
            Description: a package of a test

            """
        if !package.depends.isEmpty { control += "Depends: \(package.depends)\n" }
        try directory.write(control, to: "tree/\(package.name)/DEBIAN/control")
        try directory.write(package.content, to: "tree/\(package.name)/usr/share/\(package.name)")
        try directory.write("page", to: "tree/\(package.name)/usr/share/man/man1/\(package.name).1")
        // dpkg-deb insists on this mode, whatever the umask.
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: "\(tree)/DEBIAN")
        let file = "\(package.name)_\(package.version.replacing(":", with: "%3a"))_all.deb"
        let target = directory.path("repository/\(file)")
        let built = try runProcess(
            ["dpkg-deb", "--root-owner-group", "-Znone", "-b", tree, target],
            environment: ["SOURCE_DATE_EPOCH": "1600000000"])
        guard built.status == 0 else { throw TestFailure(built.stderrText) }
        let digest = try runProcess(["sha256sum", target]).stdoutText.prefix(64)
        let size = try Data(contentsOf: URL(fileURLWithPath: target)).count
        return control + "Filename: ./\(file)\nSize: \(size)\nSHA256: \(digest)\n"
    }
}

func bytes(of set: PackageSet) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: set.archive.string))
}

/// The members of an archive by GNU tar: "MODE OWNER/GROUP PATH" a line, sorted by tar itself.
func members(of set: PackageSet) throws -> [String] {
    let listing = try runProcess(["tar", "--zstd", "--numeric-owner", "-tvf", set.archive.string])
    guard listing.status == 0 else { throw TestFailure(listing.stderrText) }
    return listing.stdoutText.split(separator: "\n").map { line in
        let words = line.split(separator: " ", maxSplits: 5)
        return "\(words[0]) \(words[1]) \(words[5])"
    }
}

/// What a resolution said it was doing.
final class Steps: Sendable {
    private let said = Mutex<[PackageCache.Step]>([])

    var all: [PackageCache.Step] { said.withLock { $0 } }

    func add(_ step: PackageCache.Step) { said.withLock { $0.append(step) } }
}
