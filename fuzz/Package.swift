// swift-tools-version: 6.3
// The parsers of untrusted bytes under libFuzzer, which the Swift toolchain brings along. A package
// of its own, because everything in it is built with coverage; its sources are links to ours.
// scripts/fuzz builds and runs it.
import PackageDescription

let coverage: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
    .unsafeFlags(["-sanitize=fuzzer"]),
]

let package = Package(
    name: "bake-fuzz",
    targets: [
        .systemLibrary(name: "CJSON", pkgConfig: "json-c", providers: [.apt(["libjson-c-dev"])]),
        .target(name: "BakeContract", dependencies: ["CJSON"], swiftSettings: coverage),
        .executableTarget(
            name: "bake-fuzz", dependencies: ["BakeContract"],
            swiftSettings: coverage + [.unsafeFlags(["-parse-as-library"])],
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])]),
    ]
)
