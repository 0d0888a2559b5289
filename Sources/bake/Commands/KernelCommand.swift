internal import ArgumentParser
internal import BakeContract
internal import Kernels
internal import SystemPackage

struct KernelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernel",
        abstract: "Fetch and list the kernels images are baked with.",
        subcommands: [Fetch.self, List.self])

    struct Fetch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Get a kernel package of Debian and unpack it into bake's cache.",
            discussion: """
                Needs no root and installs nothing. The cache is $BAKE_CACHE, else
                $XDG_CACHE_HOME/bake, else ~/.cache/bake.

                EXAMPLES
                  bake kernel fetch
                  bake kernel fetch linux-image-amd64
                """)

        @Argument(help: "The package; a metapackage is followed to the kernel it stands for.")
        var package: String = KernelFetch.defaultPackage

        @Flag(name: .shortAndLong, help: "Print nothing but errors.")
        var quiet = false

        func run() async throws {
            let outcome: KernelFetch.Outcome
            do {
                outcome = try await KernelFetch(cache: try Cache.ofThisUser()).fetch(package) {
                    if !quiet { ProgressLine.draw($0.description) }
                }
            } catch let error as KernelsError {
                throw CommandFailure(error)
            }
            outcome.warnings.forEach { Console.warning($0.description) }
            if !quiet {
                Console.note(
                    "kernel \(outcome.bundle.version) (\(outcome.package) \(outcome.packageVersion)) "
                        + (outcome.wasThere ? "is in the cache already" : "fetched"))
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The kernels bake can use, the default one first.")

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let known: [(bundle: KernelBundle, isInCache: Bool)]
            do {
                let cache = try Cache.ofThisUser()
                known =
                    try cache.list().map { ($0, true) } + cache.hostKernels().map { ($0, false) }
            } catch let error as KernelsError {
                throw CommandFailure(error)
            }
            if json {
                Console.result(
                    .array(
                        known.map { kernel in
                            .object([
                                "inCache": .bool(kernel.isInCache),
                                "path": .text(kernel.bundle.kernelPath.string),
                                "version": .text(kernel.bundle.version),
                            ])
                        }))
            } else if known.isEmpty {
                Console.note("no kernel yet; 'bake kernel fetch' gets Debian's cloud kernel")
            } else {
                for kernel in known {
                    Console.result(
                        "\(kernel.bundle.version)  \(kernel.isInCache ? "cache" : "host ")  "
                            + kernel.bundle.kernelPath.string)
                }
            }
        }
    }
}

/// Where bake keeps what it fetched.
enum Cache {
    static func ofThisUser() throws(CommandFailure) -> KernelCache {
        guard let cache = KernelCache(environment: HostEnvironment.strings) else {
            throw CommandFailure(
                .unavailable, "no place for bake's cache: HOME is not set", hint: "set BAKE_CACHE")
        }
        return cache
    }
}
