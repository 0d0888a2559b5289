internal import ArgumentParser
internal import BakeContract
internal import Baking
internal import Glibc
internal import SystemPackage

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List what is in an image's tree.",
        discussion: """
            Everything below each path, or below the root: a path a line, names' control bytes as
            \\xNN. With --long a line an inode: kind, mode, owner, time, path, length, other names,
            attributes (docs/trees.md). Nothing is unpacked.

            EXAMPLES
              bake ls app.img
              bake ls -l app.img /etc
              bake ls --shallow app.img /
              bake ls -0 app.img | xargs -0 -n1 basename
            """)

    @Argument(help: "The image.")
    var image: String

    @Argument(help: ArgumentHelp("Paths in the image.", valueName: "path"))
    var paths: [String] = []

    @Flag(name: .shortAndLong, help: "Mode, owner, time and length, a line an inode.")
    var long = false

    @Flag(help: "Only what is directly in a directory, not everything below it.")
    var shallow = false

    @Flag(
        name: [.customShort("0"), .customLong("null")],
        help: "Paths as they are, each with a NUL behind it.")
    var null = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard [long, null, json].filter({ $0 }).count <= 1 else {
            throw ValidationError("--long, --null and --json exclude each other")
        }
    }

    func run() throws {
        let listing: ImageListing
        do {
            listing = try ImageTree(opening: FilePath(image)).listing(
                of: paths.map { Array($0.utf8) }, isRecursive: !shallow)
        } catch {
            throw CommandFailure(error)
        }
        if json {
            Console.result(ListingRendering.json(listing))
        } else if null {
            Console.write(listing.rows.flatMap { $0.path + [0] }, to: STDOUT_FILENO)
        } else if long {
            Console.write(listing.lines.map { $0 + "\n" }.joined(), to: STDOUT_FILENO)
        } else {
            Console.write(ListingRendering.text(listing), to: STDOUT_FILENO)
        }
    }
}
