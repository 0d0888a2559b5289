import Foundation
import Synchronization
import SystemPackage
import TestSupport
import Testing

import enum Tools.ToolError
import func Tools.runTool

@testable import Kernels

/// Fetching from a small repository in a directory: apt, its state and dpkg-deb are the real ones.
@Suite struct KernelFetchTests {
    @Test func followsTheMetapackage() async throws {
        let repository = try Repository()
        let steps = Mutex<[String]>([])
        let outcome = try await repository.fetch { step in
            steps.withLock { $0.append(step.description) }
        }
        #expect(
            steps.withLock { $0 } == [
                "reading the package lists", "found linux-image-\(repository.version) 1:2-3",
                "downloading linux-image-\(repository.version)",
                "unpacking linux-image-\(repository.version)",
                "downloading linux-modules-\(repository.version)",
                "unpacking linux-modules-\(repository.version)",
            ])
        #expect(!outcome.wasThere)
        #expect(outcome.warnings.isEmpty)
        #expect(outcome.packageVersion == "1:2-3")
        #expect(outcome.bundle == (try repository.cache.list().first))
        #expect(outcome.bundle.version == repository.version)
        let image = try KernelImage.read(outcome.bundle.kernelPath)
        #expect(image.version == repository.version)
        let modules = try ModuleDirectory(try #require(outcome.bundle.modulesPath))
        #expect(modules.place(of: "some") == .builtin)
        #expect(
            try namesInDirectory(repository.cache.kernelsPath) == [".lock", repository.version])
    }

    @Test func secondFetchFindsItThere() async throws {
        let repository = try Repository()
        _ = try await repository.fetch()
        let steps = Mutex<[KernelFetch.Step]>([])
        let second = try await repository.fetch { step in steps.withLock { $0.append(step) } }
        #expect(second.wasThere)
        #expect(second.warnings.isEmpty)
        #expect(steps.withLock { $0 }.count == 2)
    }

    @Test func newerBuildOfTheSameReleaseReplacesIt() async throws {
        let repository = try Repository()
        _ = try await repository.fetch()
        try repository.publish(packageVersion: "1:2-4")
        let second = try await repository.fetch()
        #expect(!second.wasThere)
        #expect(second.packageVersion == "1:2-4")
        #expect(try repository.cache.list().count == 1)
    }

    @Test func withoutSources() async throws {
        let repository = try Repository()
        try repository.remove()
        let error = await #expect(throws: KernelsError.self) { try await repository.fetch() }
        guard case .fetchFailed("linux-image-test", .noNetwork(let detail)) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(detail.contains(directoryName(of: repository)), "\(detail)")
    }

    @Test func withoutSourcesTheKernelThatIsThereWillDo() async throws {
        let repository = try Repository()
        _ = try await repository.fetch()
        try repository.remove()
        let second = try await repository.fetch()
        #expect(second.wasThere)
        guard case .notRefreshed = second.warnings.first else {
            Issue.record("\(second.warnings)")
            return
        }
    }

    static let refusals: [(package: String, reason: FetchFailure)] = [
        ("no-such-package", .unknownPackage), ("-o", .badName), ("", .badName), ("A/b", .badName),
        ("not-a-kernel", .notInPackage("kernel")),
    ]

    @Test(arguments: refusals)
    func refuses(_ refusal: (package: String, reason: FetchFailure)) async throws {
        let repository = try Repository()
        await #expect(
            throws: KernelsError.fetchFailed(package: refusal.package, reason: refusal.reason)
        ) { try await repository.fetch(refusal.package) }
        #expect(try repository.cache.list().isEmpty)
    }

    @Test func roomIsLookedAtBeforehand() throws {
        let directory = try TemporaryDirectory()
        let apt = try PackageSource(state: FilePath(directory.path))
        try apt.needSpace(1, for: "p")
        let error = #expect(throws: KernelsError.self) { try apt.needSpace(.max, for: "p") }
        guard case .fetchFailed("p", .littleSpace(FilePath(directory.path), _, .max)) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func toolThatIsNotInstalled() async throws {
        await #expect(throws: KernelsError.toolMissing(name: "no-such-tool", package: "p")) {
            try await asKernelsError(of: "p", for: "k") { () async throws(ToolError) in
                _ = try await runTool("no-such-tool", [])
            }
        }
    }

    static let depends: [(field: String, names: [String])] = [
        ("", []), ("a", ["a"]), ("a (= 1), b:any | c, d", ["a", "b", "d"]),
        (" kmod,linux-base (>= 4.3~) ", ["kmod", "linux-base"]),
    ]

    @Test(arguments: depends) func dependencies(_ case: (field: String, names: [String])) {
        #expect(dependencyNames(`case`.field) == `case`.names)
    }
}

/// What apt's complaint about the repository must name.
private func directoryName(of repository: Repository) -> String {
    "\(repository.directory.path)/repository"
}

/// A flat apt repository with a metapackage, a kernel and its modules, and a cache to fetch into.
private struct Repository {
    let directory: TemporaryDirectory
    let version: String
    var cache: KernelCache { KernelCache(root: FilePath(directory.path("cache"))) }

    init() throws {
        directory = try TemporaryDirectory()
        version = try TestKernel.newest().version
        try directory.write(
            "deb [trusted=yes] copy:\(directory.path)/repository ./\n", to: "sources.list")
        try directory.write(
            """
            Dir::Etc::sourcelist "\(directory.path)/sources.list";
            Dir::Etc::sourceparts "-";

            """, to: "apt.conf")
        try publish(packageVersion: "1:2-3")
    }

    func fetch(
        _ package: String = "linux-image-test",
        progress: @Sendable (KernelFetch.Step) -> Void = { _ in }
    ) async throws -> KernelFetch.Outcome {
        try await KernelFetch(cache: cache, environment: ["APT_CONFIG": directory.path("apt.conf")])
            .fetch(package, progress: progress)
    }

    func remove() throws {
        try FileManager.default.removeItem(atPath: directory.path("repository"))
    }

    /// Builds all packages anew; the kernel's carries the real kernel.
    func publish(packageVersion: String) throws {
        try? FileManager.default.removeItem(atPath: directory.path("repository"))  // May be absent.
        try FileManager.default.createDirectory(
            atPath: directory.path("repository"), withIntermediateDirectories: true)
        let kernel = "linux-image-\(version)"
        let modules = "linux-modules-\(version)"
        let real = try TestKernel.newest()
        try directory.write("", to: "tree/\(kernel)/boot/config-\(version)")
        try directory.write("CONFIG_A=y\n", to: "tree/\(kernel)/boot/config-\(version)")
        try? FileManager.default.copyItem(  // Already there the second time.
            atPath: real.image, toPath: directory.path("tree/\(kernel)/boot/vmlinuz-\(version)"))
        try directory.write(
            "kernel/some.ko\n", to: "tree/\(modules)/lib/modules/\(version)/modules.builtin")
        try directory.write("x", to: "tree/not-a-kernel/usr/share/x")
        try directory.write("x", to: "tree/linux-image-test/usr/share/meta")
        let index = try [
            add("linux-image-test", packageVersion, depends: "\(kernel) (= \(packageVersion))"),
            add(kernel, packageVersion, depends: "kmod, linux-base, \(modules)"),
            add(modules, packageVersion, depends: ""),
            add("not-a-kernel", packageVersion, depends: "libc6"),
        ]
        try directory.write(index.joined(separator: "\n"), to: "repository/Packages")
    }

    private func add(_ name: String, _ version: String, depends: String) throws -> String {
        let control = """
            Package: \(name)
            Version: \(version)
            Architecture: amd64
            Maintainer: Nobody <nobody@localhost>
            Depends: \(depends.isEmpty ? "base-files" : depends)
            Description: a package of a test

            """
        try directory.write(control, to: "tree/\(name)/DEBIAN/control")
        // dpkg-deb insists on this mode, whatever the umask.
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: directory.path("tree/\(name)/DEBIAN"))
        let file = "\(name)_\(version.replacing(":", with: "%3a"))_amd64.deb"
        let target = directory.path("repository/\(file)")
        let built = try runProcess([
            "dpkg-deb", "--root-owner-group", "-Znone", "-b", directory.path("tree/\(name)"),
            target,
        ])
        guard built.status == 0 else { throw TestFailure(built.stderrText) }
        let digest = try runProcess(["sha256sum", target]).stdoutText.prefix(64)
        let size = try Data(contentsOf: URL(fileURLWithPath: target)).count
        return control + "Filename: ./\(file)\nSize: \(size)\nSHA256: \(digest)\n"
    }
}
