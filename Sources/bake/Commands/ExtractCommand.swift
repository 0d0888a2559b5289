internal import ArgumentParser
internal import BakeContract
internal import Baking
internal import Images
internal import SystemPackage

struct ExtractCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "extract",
        abstract: "Take a part out of an image, byte for byte, or unpack its tree.",
        usage: """
            bake extract IMAGE PART -o FILE
            bake extract IMAGE --rootfs DIR
            """,
        discussion: """
            EXAMPLES
              bake extract app.img kernel -o vmlinuz
              bake extract app.img rumpconfig.json -o -
              bake extract app.img blob-data -o app.squashfs
              bake extract app.img --rootfs root/

            --rootfs unpacks the tree into a directory that is empty or does not exist. Owners,
            device nodes and setuid bits need root; what is left out without is said.

            PARTS
              \(Extract.all.map(\.name).joined(separator: ", "))
            """)

    @Argument(help: "The image.")
    var image: String

    @Argument(help: "The part, see PARTS.")
    var part: String?

    @Option(name: [.customShort("o"), .customLong("output")], help: "Where to; - is stdout.")
    var output: String?

    @Option(help: ArgumentHelp("Unpack the whole tree into this directory.", valueName: "dir"))
    var rootfs: String?

    @Flag(help: "With --rootfs: keep setuid bits and capabilities, also as an ordinary user.")
    var setuid = false

    @Option(help: "With --rootfs: refuse a tree whose files hold more bytes, with K, M or G.")
    var maxSize: String?

    @Option(help: "With --rootfs: refuse a tree of more files.")
    var maxFiles: Int?

    func run() throws {
        switch (rootfs, part, output) {
        case (let directory?, nil, nil): try extractTree(to: directory)
        case (nil, let part?, let output?): try extract(part, to: output)
        default:
            throw CommandFailure(
                .usage, "either a part and -o, or --rootfs and nothing else",
                hint: "bake extract IMAGE PART -o FILE, or bake extract IMAGE --rootfs DIR")
        }
    }

    private func extractTree(to directory: String) throws(CommandFailure) {
        var options = ExtractOptions()
        options.keepsPrivileges = setuid
        if let maxSize {
            options.byteCountLimit = UInt64(
                clamping: try ByteCountFlag.parse(maxSize, flag: "--max-size"))
        }
        if let maxFiles { options.fileCountLimit = maxFiles }
        Interruption.cleanUpWhenInterrupted()
        do {
            let tree = try ImageTree(opening: FilePath(image))
            for note in try tree.extract(to: directory, options) { Console.warning(note) }
        } catch {
            throw CommandFailure(error)
        }
    }

    private func extract(_ part: String, to output: String) throws {
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
