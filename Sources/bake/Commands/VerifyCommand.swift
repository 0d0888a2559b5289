internal import ArgumentParser
internal import BakeContract
internal import Images
internal import SystemPackage

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check every byte of an image against its digests.",
        discussion: """
            Ends with 0 when the image is whole, with 65 and the damaged parts' names when it is not.
            """)

    @Argument(help: "The image.")
    var image: String

    @Flag(name: .shortAndLong, help: "Say nothing about a whole image.")
    var quiet = false

    func run() throws {
        let damages: [Damage]
        do {
            damages = try BootImage.verify(FilePath(image))
        } catch {
            throw CommandFailure(error, image: image)
        }
        guard damages.isEmpty else {
            throw CommandFailure(
                .malformedInput,
                "'\(image)' is damaged\n" + damages.map { "  \($0)" }.joined(separator: "\n"),
                hint: "bake or copy it again")
        }
        if !quiet {
            Console.result("\(image): every byte is as it was baked")
        }
    }
}
