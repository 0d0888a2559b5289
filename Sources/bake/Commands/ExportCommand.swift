internal import ArgumentParser
internal import BakeContract
internal import Images
internal import SystemPackage

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Turn an image into what another launcher wants.",
        discussion: """
            TARGETS
              disk   a GPT disk whose EFI system partition holds the image as EFI/BOOT/BOOTX64.EFI

            EXAMPLES
              bake export app.img --to disk -o disk.raw
            """)

    enum Target: String, ExpressibleByArgument, CaseIterable {
        case disk
    }

    @Argument(help: "The image.")
    var image: String

    @Option(name: .customLong("to"), help: "The target.")
    var target: Target

    @Option(name: [.customShort("o"), .customLong("output")], help: "The file to write.")
    var output: String

    @Flag(name: .shortAndLong, help: "Print nothing but errors.")
    var quiet = false

    func run() async throws {
        Interruption.cleanUpWhenInterrupted()
        do {
            switch target {
            case .disk:
                try await BootImage(opening: FilePath(image)).exportDisk(to: FilePath(output))
            }
        } catch {
            throw CommandFailure(error, image: image, output: output)
        }
        if !quiet {
            Console.note("\(output): a disk that boots under UEFI")
        }
    }
}
