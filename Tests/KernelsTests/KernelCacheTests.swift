import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Kernels

@Suite struct KernelCacheTests {
    static let places: [(environment: [String: String], root: String?)] = [
        (["BAKE_CACHE": "/c", "XDG_CACHE_HOME": "/x", "HOME": "/h"], "/c"),
        (["XDG_CACHE_HOME": "/x", "HOME": "/h"], "/x/bake"),
        (["XDG_CACHE_HOME": "x", "HOME": "/h"], "/h/.cache/bake"),
        (["BAKE_CACHE": "", "XDG_CACHE_HOME": "", "HOME": "/h"], "/h/.cache/bake"),
        ([:], nil),
    ]

    @Test(arguments: places)
    func location(_ place: (environment: [String: String], root: String?)) {
        #expect(KernelCache(environment: place.environment)?.root.string == place.root)
    }

    @Test func newestFirst() throws {
        let home = try Home(cached: ["6.1.0-9-a", "6.1.0-56-a", "5.10.0-1-a"], host: [])
        try home.directory.write("x", to: "cache/kernels/.fetch/vmlinuz")
        try home.directory.write("x", to: "cache/kernels/half/config")
        #expect(try home.cache.list().map(\.version) == ["6.1.0-56-a", "6.1.0-9-a", "5.10.0-1-a"])
        #expect(try home.cache.resolve(nil).version == "6.1.0-56-a")
    }

    @Test func hostComesAfterTheCache() throws {
        let home = try Home(cached: [], host: ["6.1.0-9-a", "6.1.0-10-a"])
        #expect(try home.cache.list().isEmpty)
        let newest = try home.cache.resolve(nil)
        #expect(newest.kernelPath.string == home.directory.path("host/boot/vmlinuz-6.1.0-10-a"))
        #expect(
            newest.configurationPath?.string
                == home.directory.path("host/boot/config-6.1.0-10-a"))
        #expect(
            newest.modulesPath?.string == home.directory.path("host/lib/modules/6.1.0-10-a"))
        let both = try Home(cached: ["5.4-a"], host: ["6.1.0-9-a"])
        #expect(try both.cache.resolve(nil).version == "5.4-a")
        #expect(try both.cache.resolve("6.1.0-9-a").version == "6.1.0-9-a")
    }

    @Test func nothingToResolve() throws {
        let home = try Home(cached: [], host: [])
        #expect(throws: KernelsError.noKernel(cache: home.cache.kernelsPath)) {
            try home.cache.resolve(nil)
        }
        let other = try Home(cached: ["6.1.0-9-a"], host: ["6.1.0-8-a"])
        #expect(
            throws: KernelsError.unknownKernel(name: "6.2", known: ["6.1.0-9-a", "6.1.0-8-a"])
        ) { try other.cache.resolve("6.2") }
        #expect(throws: KernelsError.self) { try other.cache.resolve("/nowhere/vmlinuz") }
        #expect(throws: KernelsError.self) { try other.cache.resolve("/") }
    }

    /// A path finds what belongs to the kernel in each layout distributions use.
    static let layouts: [(kernel: String, configuration: String, modules: String)] = [
        ("k/vmlinuz", "k/config", "k/modules"),
        ("k/boot/vmlinuz-VERSION", "k/boot/config-VERSION", "k/lib/modules/VERSION"),
        ("k/boot/kernel", "k/boot/config-VERSION", "k/usr/lib/modules/VERSION"),
        ("k/VERSION/vmlinuz", "k/VERSION/config", "k/VERSION"),
        ("k/arch/bzImage", "k/lib/modules/VERSION/build/.config", "k/lib/modules/VERSION"),
    ]

    @Test(arguments: layouts)
    func layout(_ layout: (kernel: String, configuration: String, modules: String)) throws {
        let real = try TestKernel.newest()
        let home = try Home(cached: [], host: [])
        func path(_ text: String) -> String { text.replacing("VERSION", with: real.version) }
        try home.directory.write("", to: path(layout.modules) + "/modules.builtin")
        try home.directory.write("", to: path(layout.modules) + "/kernel/a.ko")
        try home.directory.write("CONFIG_A=y\n", to: path(layout.configuration))
        try home.directory.write("", to: path(layout.kernel))
        let target = home.directory.path(path(layout.kernel))
        try removeTree(FilePath(target))
        try FileManager.default.createSymbolicLink(
            atPath: target, withDestinationPath: real.image)

        let bundle = try home.cache.resolve(target)
        #expect(bundle.version == real.version)
        #expect(bundle.configurationPath?.string == home.directory.path(path(layout.configuration)))
        #expect(bundle.modulesPath?.string == home.directory.path(path(layout.modules)))
    }

    @Test func directoryStandsForItsKernel() throws {
        let real = try TestKernel.newest()
        let bundle = try KernelCache(root: "/nowhere").resolve(real.directory)
        #expect(bundle.kernelPath.string == real.image)
        #expect(bundle.configurationPath?.string == real.configuration)
        #expect(bundle.modulesPath?.string == real.modules)
    }
}

/// A cache and a host's /boot with files that are called like kernels.
private struct Home {
    let directory: TemporaryDirectory
    var cache: KernelCache {
        KernelCache(
            root: FilePath(directory.path("cache")), hostRoot: FilePath(directory.path("host")))
    }

    init(cached: [String], host: [String]) throws {
        directory = try TemporaryDirectory()
        for version in cached {
            try directory.write("x", to: "cache/kernels/\(version)/vmlinuz")
        }
        for version in host {
            try directory.write("x", to: "host/boot/vmlinuz-\(version)")
            try directory.write("x", to: "host/boot/config-\(version)")
            try directory.write("x", to: "host/lib/modules/\(version)/modules.builtin")
        }
    }
}
