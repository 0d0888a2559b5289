internal import ArgumentParser
internal import Baking
internal import SystemPackage

struct CatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat",
        abstract: "Print a file of an image's tree.",
        discussion: """
            Byte for byte. Symbolic links are followed inside the tree, as a program in the guest
            would follow them. Only what the file needs is unpacked.

            EXAMPLES
              bake cat app.img /etc/os-release
              bake cat app.img /usr/bin/app > app
            """)

    @Argument(help: "The image.")
    var image: String

    @Argument(help: ArgumentHelp("Files in the image.", valueName: "path"))
    var paths: [String]

    func run() throws {
        let scratch = HostEnvironment.strings["TMPDIR"] ?? ""
        do {
            let tree = try ImageTree(opening: FilePath(image))
            for path in paths {
                try tree.copyContent(
                    of: Array(path.utf8), to: .standardOutput,
                    scratch: FilePath(scratch.isEmpty ? "/tmp" : scratch))
            }
        } catch {
            throw CommandFailure(error)
        }
    }
}
