import Foundation
import TestSupport

/// Programs and libraries made on the spot, for any machine, by the compiler and the linker of the
/// Swift toolchain: no C library is needed for them.
struct ELFToolchain {
    /// A target that both know, and where Debian puts its libraries and its loader.
    struct Machine: Sendable, CustomStringConvertible {
        let target: String
        let multiarch: String
        let interpreter: String
        /// As readelf(1) has it.
        let description: String
    }

    static let x86_64 = Machine(
        target: "x86_64-linux-gnu", multiarch: "x86_64-linux-gnu",
        interpreter: "/lib64/ld-linux-x86-64.so.2", description: "x86-64")

    /// Of 32 and 64 bits, of either byte order.
    static let machines = [
        x86_64,
        Machine(
            target: "aarch64-linux-gnu", multiarch: "aarch64-linux-gnu",
            interpreter: "/lib/ld-linux-aarch64.so.1", description: "aarch64"),
        Machine(
            target: "armv7-linux-gnueabihf", multiarch: "arm-linux-gnueabihf",
            interpreter: "/lib/ld-linux-armhf.so.3", description: "armhf"),
        Machine(
            target: "i386-linux-gnu", multiarch: "i386-linux-gnu",
            interpreter: "/lib/ld-linux.so.2", description: "i386"),
        Machine(
            target: "powerpc64-linux-gnu", multiarch: "powerpc64-linux-gnu",
            interpreter: "/lib64/ld64.so.1", description: "ppc64"),
        Machine(
            target: "mips-linux-gnu", multiarch: "mips-linux-gnu",
            interpreter: "/lib/ld.so.1", description: "mips"),
        Machine(
            target: "s390x-linux-gnu", multiarch: "s390x-linux-gnu",
            interpreter: "/lib/ld64.so.1", description: "s390x"),
        Machine(
            target: "riscv64-linux-gnu", multiarch: "riscv64-linux-gnu",
            interpreter: "/lib/ld-linux-riscv64-lp64d.so.1", description: "riscv64"),
    ]

    /// Where everything is made; a root directory.
    let root: TemporaryDirectory
    var machine = Self.x86_64

    /// - Parameters:
    ///   - libraries: paths below the root of what it is linked with; DT_NEEDED gets their soname.
    ///   - flags: of the linker, each as it takes it.
    func library(
        _ path: String, soname: String? = nil, libraries: [String] = [], flags: [String] = [],
        source: String = ""
    ) throws {
        let name = soname ?? String(path.split(separator: "/").last!)
        try link(path, ["-shared", "-soname", name] + flags, libraries, source)
    }

    func program(
        _ path: String, libraries: [String] = [], interpreter: String? = nil,
        flags: [String] = [], source: String = ""
    ) throws {
        let kind = ["-pie", "-dynamic-linker", interpreter ?? machine.interpreter]
        try link(path, kind + ["-e", "start"] + flags, libraries, "void start(void) {}\n\(source)")
    }

    func staticProgram(_ path: String) throws {
        try link(path, ["-static", "-e", "start"], [], "void start(void) {}")
    }

    /// The loader and the C library, as small as they can be.
    func cLibrary() throws {
        try library(
            String(machine.interpreter.dropFirst()),
            soname: String(machine.interpreter.split(separator: "/").last!))
        try library("lib/\(machine.multiarch)/libc.so.6")
    }

    private func link(
        _ path: String, _ flags: [String], _ libraries: [String], _ source: String
    ) throws {
        let target = root.url(path)
        // A link of the tree would be one of this machine to the linker.
        let directory = target.deletingLastPathComponent()
        guard
            directory.resolvingSymlinksInPath().path.hasPrefix(
                root.url(".").resolvingSymlinksInPath().path)
        else { throw TestFailure("\(path) leads out of the root") }
        try FileManager.default.createDirectory(
            at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        let passed = flags.flatMap { ["-Xlinker", $0] }
        let command =
            [
                try Self.compiler(), "--target=\(machine.target)", "-fuse-ld=lld", "-nostdlib",
                "-fPIC", "-Wno-everything", "-x", "c", "-", "-x", "none", "-o", target.path,
                "-Xlinker", "--no-as-needed", "-Xlinker", "--allow-shlib-undefined",
                "-Xlinker", "--unresolved-symbols=ignore-all",
            ] + ["-shared", "-static"].filter(flags.contains) + passed
            + libraries.map { root.path($0) }
        let result = try runProcess(command, input: Data("\(source)\n".utf8))
        guard result.status == 0 else { throw TestFailure(result.stderrText) }
    }

    private static func compiler() throws -> String {
        let found = try runProcess(["sh", "-c", "readlink -f \"$(command -v swift)\""])
        let swift = found.stdoutText.trimmingCharacters(in: .whitespacesAndNewlines)
        let clang = URL(fileURLWithPath: swift).deletingLastPathComponent()
            .appendingPathComponent("clang").path
        guard FileManager.default.isExecutableFile(atPath: clang) else {
            throw TestFailure("no clang beside \(swift)")
        }
        return clang
    }
}
