import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Packages

/// Layers from a small repository in a directory: apt, its state, mmdebstrap and dpkg are the real
/// ones, and no test needs a network.
@Suite struct PackageCacheTests {
    @Test func madeOnceThenTakenWithoutAnyTool() async throws {
        let repository = try LocalRepository()
        let steps = Steps()
        let request = PackageRequest(packages: ["bake-first"], variant: .extract)
        let first = try await repository.cache().resolve(request) { steps.add($0) }
        #expect(!first.wasCached)
        #expect(
            first.packages == [
                DebianPackage(name: "bake-first", version: "1:2-3", architecture: "all"),
                DebianPackage(name: "bake-second", version: "1:2-3", architecture: "all"),
            ])
        #expect(
            steps.all.map(\.description) == [
                "reading the package lists", "resolving packages", "fetching 2 packages (0 MiB)",
                "unpacking packages", "packing the layer",
            ])
        #expect(
            try members(of: first) == [
                "drwxr-xr-x 0/0 ./", "lrwxrwxrwx 0/0 ./bin -> usr/bin", "drwxr-xr-x 0/0 ./dev/",
                "lrwxrwxrwx 0/0 ./lib -> usr/lib", "lrwxrwxrwx 0/0 ./sbin -> usr/sbin",
                "drwxr-xr-x 0/0 ./usr/", "drwxr-xr-x 0/0 ./usr/bin/", "drwxr-xr-x 0/0 ./usr/lib/",
                "drwxr-xr-x 0/0 ./usr/sbin/", "drwxr-xr-x 0/0 ./usr/share/",
                "-rw-r--r-- 0/0 ./usr/share/bake-first", "-rw-r--r-- 0/0 ./usr/share/bake-second",
                "drwxr-xr-x 0/0 ./usr/share/man/",
            ])
        let before = try bytes(of: first)

        try repository.remove()
        let again = Steps()
        let second = try await repository.cacheWithoutTools.resolve(request) { again.add($0) }
        #expect(second.wasCached)
        #expect(second.packages == first.packages)
        #expect(try bytes(of: second) == before)
        #expect(again.all.isEmpty)
        // That this proves something: another request finds no tool to be made with.
        await #expect(throws: PackageError.toolMissing(name: "apt-get", package: "apt")) {
            _ = try await repository.resolve("bake-third", cache: repository.cacheWithoutTools)
        }
    }

    @Test func documentationComesWhenItIsAskedFor() async throws {
        let repository = try LocalRepository()
        let set = try await repository.cache().resolve(
            PackageRequest(packages: ["bake-third"], variant: .extract, keepsDocumentation: true))
        #expect(try members(of: set).contains("-rw-r--r-- 0/0 ./usr/share/man/man1/bake-third.1"))
    }

    @Test func orderAndRepetitionMakeNoDifference() async throws {
        let repository = try LocalRepository()
        _ = try await repository.resolve("bake-third", "bake-second")
        #expect(
            try await repository.resolve("bake-second", "bake-third", "bake-second").wasCached)
    }

    @Test func sameBytesInAnotherPlace() async throws {
        let one = try LocalRepository()
        let other = try LocalRepository()
        let first = try await one.resolve("bake-first")
        let second = try await other.resolve("bake-first", cache: other.cache("with a space"))
        #expect(!second.wasCached)
        #expect(first.archive.lastComponent == second.archive.lastComponent)
        #expect(try bytes(of: first) == bytes(of: second))
    }

    @Test func refreshFindsTheSamePackagesOrNewer() async throws {
        let repository = try LocalRepository()
        let first = try await repository.resolve("bake-second")
        let same = try await repository.resolve("bake-second", refresh: true)
        #expect(same.wasCached)
        #expect(same.archive == first.archive)

        try repository.publish([LocalRepository.Package(name: "bake-second", version: "1:2-4")])
        #expect(try await repository.resolve("bake-second").packages[0].version == "1:2-3")
        let newer = try await repository.resolve("bake-second", refresh: true)
        #expect(!newer.wasCached)
        #expect(newer.packages[0].version == "1:2-4")
        #expect(try await repository.resolve("bake-second").packages[0].version == "1:2-4")

        try repository.remove()
        let unreachable = try await repository.resolve("bake-second", refresh: true)
        #expect(unreachable.wasCached)
        #expect(unreachable.packages == newer.packages)
        #expect(try #require(unreachable.trouble).contains("Failed to fetch"))
    }

    /// One version may have two contents, from two sources: that is not one layer.
    @Test func contentCountsNotVersionAlone() async throws {
        let repository = try LocalRepository()
        let first = try await repository.resolve("bake-third")
        try repository.publish([LocalRepository.Package(name: "bake-third", content: "other\n")])
        let second = try await repository.resolve("bake-third", refresh: true)
        #expect(second.packages == first.packages)
        #expect(!second.wasCached)
        #expect(try bytes(of: first) != bytes(of: second))
    }

    @Test(arguments: ["archive", "list", "choice"])
    func damageIsMadeGood(_ part: String) async throws {
        let repository = try LocalRepository()
        let first = try await repository.resolve("bake-third")
        let archive = first.archive.string
        let whole = try bytes(of: first)
        let folder = repository.directory.path("cache")
        switch part {
        case "archive":
            var damaged = whole
            damaged[damaged.count / 2] ^= 1
            try damaged.write(to: URL(fileURLWithPath: archive))
        case "list":
            try Data().write(to: URL(fileURLWithPath: archive.replacing(".tar.zst", with: ".list")))
        default:
            for name in try FileManager.default.contentsOfDirectory(atPath: folder)
            where name.hasSuffix(".choice") {
                try Data("../../etc/passwd\n".utf8).write(
                    to: URL(fileURLWithPath: "\(folder)/\(name)"))
            }
        }
        let second = try await repository.resolve("bake-third")
        #expect(second.wasCached == (part == "choice"))
        #expect(second.archive.string == archive)
        #expect(try bytes(of: second) == whole)
    }

    @Test func twoAtOnceMakeItOnce() async throws {
        let repository = try LocalRepository()
        async let one = repository.resolve("bake-first")
        async let other = repository.resolve("bake-first")
        let (first, second) = try await (one, other)
        #expect([first.wasCached, second.wasCached].count { $0 } == 1)
        #expect(try bytes(of: first) == bytes(of: second))
    }

    @Test func leastRecentlyUsedGoesUnlessItIsHeld() async throws {
        let repository = try LocalRepository()
        let small = repository.cache(limitByteCount: 1)
        let held = try await repository.resolve("bake-first", cache: small)
        let free = try await repository.resolve("bake-second", cache: small).archive.string
        _ = try await repository.resolve("bake-third", cache: small)
        #expect(FileManager.default.fileExists(atPath: held.archive.string))
        #expect(!FileManager.default.fileExists(atPath: free))
        let names = try FileManager.default.contentsOfDirectory(
            atPath: repository.directory.path("cache"))
        #expect(names.count { $0.hasSuffix(".list") } == 2)
        #expect(names.count { $0.hasSuffix(".choice") } == 2)
    }

    @Test func whatAnInterruptedBuildLeftGoes() async throws {
        let repository = try LocalRepository()
        try repository.directory.write("left", to: "cache/work/root/etc/left")
        _ = try await repository.resolve("bake-third")
        #expect(
            !FileManager.default.fileExists(atPath: repository.directory.path("cache/work")))
    }

    static let refusals: [(request: PackageRequest, error: PackageError)] = [
        (request([]), .noPackages),
        (request(["-o"]), .badName("-o")),
        (request(["bake-first="]), .badName("bake-first=")),
        (request(["bake-first=1 2"]), .badName("bake-first=1 2")),
        (request(["bake-first-"]), .badName("bake-first-")),
        (request(["a,b"]), .badName("a,b")),
        (request(["bake-first"], suite: "-x"), .badSuite("-x")),
        (request(["bake-first"], architecture: "AMD64"), .badArchitecture("AMD64")),
        (request(["bake-first"], mirror: "nowhere"), .badMirror("nowhere")),
        (request(["bake-first"], mirror: "deb a\ndeb b"), .badMirror("deb a\ndeb b")),
        (request(["bake-first"], mirror: "http://localhost/"), .noSources(suite: nil)),
        (request(["bake-first"], suite: "trixie"), .noSources(suite: "trixie")),
        (
            request(["bake-frist"]),
            .unknownPackages([UnknownPackage(name: "bake-frist", nearest: "bake-first")])
        ),
        (request(["bake-.*"]), .badName("bake-.*")),
        // apt takes it for a regular expression, and finds one.
        (
            request(["bake-thir."]),
            .unknownPackages([UnknownPackage(name: "bake-thir.", nearest: "bake-third")])
        ),
        (
            request(["bake-first=9"]),
            .unknownVersion(
                package: "bake-first", detail: "Version '9' for 'bake-first' was not found")
        ),
        (
            request(["bake-first/sid"]),
            .unknownVersion(
                package: "bake-first", detail: "Release 'sid' for 'bake-first' was not found")
        ),
        (
            request(["bake-broken"]),
            .unsatisfiable(details: [
                "bake-broken : Depends: bake-nothing but it is not installable"
            ])
        ),
        (
            request(["bake-many"]),
            .virtualPackage(name: "bake-many", providers: ["bake-provider", "bake-supplier"])
        ),
    ]

    private static func request(
        _ packages: [String], suite: String? = nil, mirror: String? = nil,
        architecture: String = PackageRequest.nativeArchitecture
    ) -> PackageRequest {
        PackageRequest(
            packages: packages, suite: suite, mirror: mirror, variant: .extract,
            architecture: architecture)
    }

    @Test func refuses() async throws {
        let repository = try LocalRepository(
            LocalRepository.packages + [
                LocalRepository.Package(name: "bake-broken", depends: "bake-nothing"),
                LocalRepository.Package(
                    name: "bake-provider", depends: "bake-third\nProvides: bake-many"),
                LocalRepository.Package(
                    name: "bake-supplier", depends: "bake-third\nProvides: bake-many"),
            ])
        for refusal in Self.refusals {
            await #expect(throws: refusal.error, "\(refusal.request.packages)") {
                _ = try await repository.cache().resolve(refusal.request)
            }
        }
        let names = try FileManager.default.contentsOfDirectory(
            atPath: repository.directory.path("cache"))
        #expect(!names.contains { $0.hasSuffix(".tar.zst") || $0 == "work" })
    }

    @Test(arguments: [
        ("http://127.0.0.1:9/debian", "bookworm"), ("copy:/nonexistent", "bookworm"),
    ])
    func sourceThatIsNotThere(_ source: (mirror: String, suite: String)) async throws {
        let repository = try LocalRepository()
        let request = PackageRequest(
            packages: ["bake-first"], suite: source.suite, mirror: source.mirror)
        let error = await #expect(throws: PackageError.self) {
            _ = try await repository.cache().resolve(request)
        }
        switch error {
        case .noNetwork(let detail): #expect(detail.contains(source.mirror))
        case .unknownSuite("bookworm", _): #expect(source.mirror.hasPrefix("copy:"))
        default: Issue.record("\(String(describing: error))")
        }
    }
}
