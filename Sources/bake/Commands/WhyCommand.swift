internal import ArgumentParser
internal import BakeContract
internal import Baking
internal import Glibc
internal import Kernels
internal import SystemPackage

struct WhyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Say where a file of an image came from.",
        discussion: """
            Which layer gave it, whose file it hides, and for what --install brought, who needs it.
            Of a path that is not in the image: what took it away. Layers are named by what they
            are ("tree 1" is the first -R); on the machine that baked the image also as they were
            typed. Ends with 66 when a path is not in the image.

            EXAMPLES
              bake why app.img /etc/hosts
              bake why --json app.img /usr/lib/libz.so.1 | jq '.[0].needs'
            """)

    @Argument(help: "The image.")
    var image: String

    @Argument(help: ArgumentHelp("Paths in the image.", valueName: "path"))
    var paths: [String]

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let explanations: [PathExplanation]
        do {
            explanations = try ImageTree(opening: FilePath(image)).explanations(
                of: paths.map { Array($0.utf8) },
                cache: KernelCache(environment: HostEnvironment.strings))
        } catch {
            throw CommandFailure(error)
        }
        if json {
            Console.result(ExplanationRendering.json(explanations))
        } else {
            Console.write(
                explanations.map(ExplanationRendering.text).joined(), to: STDOUT_FILENO)
        }
        guard explanations.allSatisfy({ $0.place != nil }) else {
            throw ExitCode(ExitStatus.missingInput.rawValue)
        }
    }
}
