internal import ArgumentParser
internal import BakeContract
internal import Images
internal import SystemPackage

struct ExtractCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "extract",
        abstract: "Take a part out of an image, byte for byte.",
        discussion: """
            EXAMPLES
              bake extract app.img kernel -o vmlinuz
              bake extract app.img rumpconfig.json -o -
              bake extract app.img blob-data -o app.squashfs

            PARTS
              \(Extract.all.map(\.name).joined(separator: ", "))
            """)

    @Argument(help: "The image.")
    var image: String

    @Argument(help: "The part, see PARTS.")
    var part: String

    @Option(name: [.customShort("o"), .customLong("output")], help: "Where to; - is stdout.")
    var output: String

    func run() throws {
        guard let extract = Extract(name: part) else {
            throw CommandFailure(
                .usage, "an image has no part '\(part)'",
                hint: "the parts are \(Extract.all.map(\.name).joined(separator: ", "))")
        }
        do {
            let opened = try BootImage(opening: FilePath(image))
            if output == "-" {
                try opened.extract(extract, to: .standardOutput, called: "standard output")
            } else {
                try opened.extract(extract, to: FilePath(output))
            }
        } catch {
            throw CommandFailure(error, image: image, output: output)
        }
    }
}
