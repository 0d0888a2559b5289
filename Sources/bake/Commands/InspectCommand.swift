internal import ArgumentParser
internal import BakeContract
internal import Images
internal import SystemPackage

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Say what is inside an image: parts, kernel, configuration, memory.",
        discussion: """
            EXAMPLES
              bake inspect app.img
              bake inspect --json app.img | jq .manifest.kernel
            """)

    @Argument(help: "The image.")
    var image: String

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let summary: ImageSummary
        do {
            summary = try BootImage(opening: FilePath(image)).summary()
        } catch {
            throw CommandFailure(error, image: image)
        }
        if json {
            Console.result(summary.json)
        } else {
            Console.result(SummaryRendering.text(summary, image: image))
        }
    }
}
