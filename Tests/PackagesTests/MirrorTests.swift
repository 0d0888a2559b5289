import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Packages

/// A layer of real packages, through whatever sources this machine's apt is configured with: the
/// only tests that need a network. SupervisionTests and PackageCacheTests do without.
@Suite struct MirrorTests {
    @Test func aLayerWhoseProgramsWork() async throws {
        let directory = try TemporaryDirectory()
        let cache = PackageCache(directory: FilePath(directory.path("cache")))
        let request = PackageRequest(packages: ["busybox-static"])
        let set = try await cache.resolve(request)
        let names = Set(set.packages.map(\.name))
        #expect(names.isSuperset(of: ["busybox-static", "base-files", "dpkg", "libc6"]))
        #expect(!names.contains("apt") && !names.contains("perl"))

        let members = try Set(members(of: set).map { String($0.split(separator: " ")[2]) })
        for path in [
            "./bin", "./usr/bin/busybox", "./usr/bin/sh", "./etc/passwd", "./etc/ld.so.cache",
            "./etc/alternatives/awk", "./usr/share/doc/bash/copyright",
        ] {
            #expect(members.contains(path), "\(path)")
        }
        for path in [
            "./etc/resolv.conf", "./etc/hostname", "./etc/apt/sources.list", "./dev/null",
            "./var/lib/dpkg/status-old", "./var/log/dpkg.log", "./usr/share/man/man1/bash.1.gz",
            "./var/cache/ldconfig/aux-cache", "./etc/passwd-",
        ] {
            #expect(!members.contains(path), "\(path)")
        }
        try dpkgAndTheLoaderAgree(with: set, in: directory)

        let withoutTools = PackageCache(
            directory: FilePath(directory.path("cache")), hostRoot: "/",
            environment: ["PATH": "/nonexistent"])
        let again = try await withoutTools.resolve(request)
        #expect(again.wasCached)
        #expect(again.packages == set.packages)
    }

    /// dpkg reads the layer's own database, ldconfig its own cache of libraries.
    private func dpkgAndTheLoaderAgree(
        with set: PackageSet, in directory: TemporaryDirectory
    ) throws {
        let extracted = try runProcess([
            "tar", "--zstd", "-C", directory.path, "-xf", set.archive.string,
            "./var/lib/dpkg", "./etc/ld.so.cache",
        ])
        try #require(extracted.status == 0, "\(extracted.stderrText)")
        let listed = try runProcess([
            "dpkg-query", "--admindir=\(directory.path("var/lib/dpkg"))", "--show",
            "--showformat=${Package} ${Version} ${Architecture} ${db:Status-Status}\\n",
        ])
        #expect(
            Set(listed.stdoutText.split(separator: "\n").map(String.init))
                == Set(set.packages.map { "\($0.text) installed" }))
        let libraries = try runProcess([
            "/sbin/ldconfig", "-p", "-C", directory.path("etc/ld.so.cache"),
        ])
        #expect(libraries.stdoutText.contains("libc.so.6"))
    }
}
