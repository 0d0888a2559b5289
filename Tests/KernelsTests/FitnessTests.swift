import SystemPackage
import TestSupport
import Testing

@testable import Kernels

@Suite struct FitnessTests {
    @Test func configurationValues() throws {
        let text = """
            # CONFIG_ABSENT is not set
            CONFIG_BUILTIN=y
            CONFIG_MODULE=m
            CONFIG_NO=n
            CONFIG_NUMBER=8
            CONFIG_TEXT="a=b"
            """
        let configuration = try #require(KernelConfiguration(Array(text.utf8)))
        let expected: [(String, KernelConfiguration.Value)] = [
            ("CONFIG_ABSENT", .notSet), ("CONFIG_BUILTIN", .builtin), ("CONFIG_MODULE", .module),
            ("CONFIG_NO", .notSet), ("CONFIG_NUMBER", .other("8")),
            ("CONFIG_TEXT", .other("\"a=b\"")), ("CONFIG_NEVER_SEEN", .notSet),
        ]
        for (option, value) in expected { #expect(configuration[option] == value) }
    }

    @Test(arguments: ["", "hello\n", "# CONFIG_X is not set\n"])
    func notAConfiguration(_ text: String) {
        #expect(KernelConfiguration(Array(text.utf8)) == nil)
    }

    static let blobs: [ImageDemands.Blob] =
        [.tar] + ImageDemands.Compression.allCases.map { .squashfs($0) }

    @Test(arguments: blobs) func fetchedKernelIsFit(_ blob: ImageDemands.Blob) throws {
        let bundle = try realBundle()
        let fitness = try bundle.fitness(for: ImageDemands(blob: blob))
        #expect(fitness.warnings.isEmpty)
        #expect(fitness.leavesBlobInPlace == (blob != .tar))
        let names = try bundle.modules(for: fitness).atStart.map(\.name)
        #expect(Set(names).isSuperset(of: fitness.wantedModules))
        #expect(names.contains("squashfs") == (blob != .tar))
        #expect(names.contains("algif_hash"))
        // What can be heard comes before what can fail.
        let console = try #require(names.firstIndex(of: "virtio_console"))
        #expect(names[..<console].allSatisfy { $0.hasPrefix("virtio") })
    }

    /// Every required option, switched off one by one, is named in the error.
    @Test func missingOptionIsNamed() throws {
        let demands = ImageDemands(blob: .squashfs(.zstd))
        let real = String(
            decoding: try readFile(FilePath(TestKernel.newest().configuration)), as: UTF8.self)
        let directory = try TemporaryDirectory()
        for feature in GuestFeature.useful(for: demands) where feature.necessity == .required {
            let lines = real.split(separator: "\n").filter { !$0.hasPrefix(feature.option + "=") }
            try directory.write(lines.joined(separator: "\n"), to: "config")
            let bundle = try realBundle(configuration: directory.path("config"))
            let missing = MissingFeature(
                option: feature.option, missingModule: nil, purpose: feature.purpose)
            #expect(throws: KernelsError.missingFeatures(kernel: bundle.version, [missing])) {
                try bundle.fitness(for: demands)
            }
        }
    }

    @Test func moduleWithoutItsFileIsNamed() throws {
        let directory = try TemporaryDirectory()
        try directory.write("", to: "modules/modules.builtin")
        let bundle = try realBundle(modules: directory.path("modules"))
        let error = #expect(throws: KernelsError.self) {
            try bundle.fitness(for: ImageDemands(blob: .squashfs(.zstd)))
        }
        #expect(
            error?.description.contains(
                "CONFIG_SQUASHFS is a module, but 'squashfs' is not among the modules"
                    + " (mounts the blob)") == true)
    }

    @Test func noModulesAtAll() throws {
        let error = #expect(throws: KernelsError.self) {
            try realBundle(modules: nil).fitness(for: ImageDemands(blob: .squashfs(.lz4)))
        }
        guard case .noModules(_, _, let needed) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(needed.contains("squashfs"))
    }

    @Test func optionalFeatureIsAWarning() throws {
        let directory = try TemporaryDirectory()
        let real = String(
            decoding: try readFile(FilePath(TestKernel.newest().configuration)), as: UTF8.self)
        try directory.write(
            real.replacing("CONFIG_X86_PMEM_LEGACY=m", with: ""), to: "config")
        let fitness = try realBundle(configuration: directory.path("config"))
            .fitness(for: ImageDemands(blob: .squashfs(.zstd)))
        #expect(!fitness.leavesBlobInPlace)
        #expect(
            fitness.warnings == [
                .missingOptional(
                    option: "CONFIG_X86_PMEM_LEGACY",
                    consequence: "the blob is copied at each start")
            ])
    }

    /// Without a configuration the modules answer, and the rest is a warning.
    @Test func withoutConfiguration() throws {
        let fitness = try realBundle(configuration: nil)
            .fitness(for: ImageDemands(blob: .squashfs(.zstd)))
        guard case .unchecked(let options) = fitness.warnings.first else {
            Issue.record("\(fitness.warnings)")
            return
        }
        #expect(options.contains("CONFIG_SQUASHFS_ZSTD"))
        #expect(!options.contains("CONFIG_SQUASHFS"))
        #expect(fitness.wantedModules.contains("squashfs"))
        #expect(fitness.leavesBlobInPlace)
    }
}

func realBundle() throws -> KernelBundle {
    let kernel = try TestKernel.newest()
    return try realBundle(configuration: kernel.configuration, modules: kernel.modules)
}

func realBundle(configuration: String?) throws -> KernelBundle {
    try realBundle(configuration: configuration, modules: TestKernel.newest().modules)
}

func realBundle(modules: String?) throws -> KernelBundle {
    try realBundle(configuration: TestKernel.newest().configuration, modules: modules)
}

private func realBundle(configuration: String?, modules: String?) throws -> KernelBundle {
    let kernel = try TestKernel.newest()
    return KernelBundle(
        kernelPath: FilePath(kernel.image), version: kernel.version,
        configurationPath: configuration.map { FilePath($0) },
        modulesPath: modules.map { FilePath($0) })
}
