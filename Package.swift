// swift-tools-version: 6.3
// How `bake` is put together. The arrows between the targets are the architecture:
// docs/architecture.md says what each module knows and must not know.
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let argumentParser: Target.Dependency = .product(
    name: "ArgumentParser", package: "swift-argument-parser")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")

let package = Package(
    name: "bake",
    products: [
        .executable(name: "bake", targets: ["bake"]),
        .executable(name: "bake-init", targets: ["bake-init"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
    ],
    targets: [
        // C libraries: a module map and one header each, no logic.
        .systemLibrary(
            name: "CSquashFS", pkgConfig: "libsquashfs1", providers: [.apt(["libsquashfs-dev"])]),
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .systemLibrary(
            name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CLZMA", pkgConfig: "liblzma", providers: [.apt(["liblzma-dev"])]),
        .systemLibrary(
            name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CJSON", pkgConfig: "json-c", providers: [.apt(["libjson-c-dev"])]),
        .systemLibrary(name: "CGuest"),
        .systemLibrary(name: "CFileAccess"),
        .systemLibrary(name: "CFileRange"),
        .systemLibrary(name: "CFileStatus"),
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(name: "CProcessHandle"),
        .systemLibrary(name: "CXattr"),

        // The house, bottom up.
        .target(name: "BakeContract", dependencies: ["CJSON"], swiftSettings: strict),
        .target(
            name: "Trees",
            dependencies: [
                "CArchive", "CFileAccess", "CFileRange", "CFileStatus", "CXattr", "CZlib", system,
            ],
            swiftSettings: strict),
        .target(name: "Editing", dependencies: ["Trees", system], swiftSettings: strict),
        .target(
            name: "Programs", dependencies: ["BakeContract", "Trees", system],
            swiftSettings: strict),
        .target(
            name: "Containers", dependencies: ["BakeContract", "Trees", crypto, system],
            swiftSettings: strict),
        .target(
            name: "Blobs",
            dependencies: [
                "Trees", "CSquashFS", "CLZ4", "CLZMA", "CXXHash", "CZlib", "CZstd", crypto, system,
            ],
            swiftSettings: strict),
        .target(name: "Tools", dependencies: [system, subprocess], swiftSettings: strict),
        .target(name: "Kernels", dependencies: ["Tools", system], swiftSettings: strict),
        .target(
            name: "Packages", dependencies: ["BakeContract", "Tools", crypto, system],
            swiftSettings: strict),
        .target(
            name: "Images",
            dependencies: ["BakeContract", "CFileRange", "CZstd", crypto, system, subprocess],
            swiftSettings: strict),
        .target(
            name: "Baking",
            dependencies: [
                "BakeContract", "Trees", "Containers", "Editing", "Packages", "Programs", "Blobs",
                "Kernels", "Images", "Tools", system,
            ],
            swiftSettings: strict),
        .target(
            name: "Launching", dependencies: ["BakeContract", "CProcessHandle", "Tools", system],
            swiftSettings: strict),

        // What people start: the command, and PID 1 (built a second time as Embedded Swift).
        .executableTarget(
            name: "bake",
            dependencies: [
                "BakeContract", "Baking", "CMalloc", "Launching", "Images", "Kernels",
                argumentParser, system,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "bake-init",
            dependencies: ["BakeContract", "CGuest", "CLZ4", "CLZMA", "CZlib", "CZstd"],
            exclude: ["Toolset.json"], swiftSettings: strict),

        // Tests.
        .target(
            name: "TestSupport", dependencies: [system], path: "Tests/TestSupport",
            exclude: ["faultfs.py", "fuseserver.py", "outputfs.py"], swiftSettings: strict),
        .testTarget(
            name: "BakeContractTests", dependencies: ["BakeContract", "TestSupport"],
            exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "TreesTests", dependencies: ["Trees", "TestSupport", system],
            swiftSettings: strict),
        .testTarget(
            name: "ContainersTests",
            dependencies: ["Containers", "BakeContract", "Trees", "TestSupport", system],
            swiftSettings: strict),
        .testTarget(
            name: "EditingTests", dependencies: ["Editing", "Trees", "TestSupport", system],
            swiftSettings: strict),
        .testTarget(
            name: "ProgramsTests",
            dependencies: ["Programs", "BakeContract", "Trees", "TestSupport", system],
            swiftSettings: strict),
        .testTarget(
            name: "BlobsTests", dependencies: ["Blobs", "Trees", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "KernelsTests", dependencies: ["Kernels", "Tools", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "PackagesTests",
            dependencies: ["Packages", "Tools", "TestSupport", system, subprocess],
            swiftSettings: strict),
        .testTarget(
            name: "ImagesTests", dependencies: ["Images", "BakeContract", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "BakingTests",
            dependencies: ["Baking", "BakeContract", "Blobs", "Trees", "TestSupport", system],
            exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "LaunchingTests",
            dependencies: ["Launching", "BakeContract", "TestSupport", system],
            exclude: ["Goldens"], swiftSettings: strict),
        .testTarget(
            name: "GuestTests",
            dependencies: ["bake-init", "BakeContract", "Blobs", "Trees", "TestSupport", system],
            swiftSettings: strict),
        .testTarget(
            name: "CommandTests", dependencies: ["bake", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "BootTests", dependencies: ["TestSupport"], swiftSettings: strict),
    ]
)
