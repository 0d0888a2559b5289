internal import ArgumentParser
internal import BakeContract
internal import Baking

/// What becomes the tree: the same flags for `bake build` and `bake shell`.
///
/// Scalars are nil where nothing was typed, so that bake.json can say something else than the
/// default and a flag something else than bake.json.
struct TreeFlags: ParsableArguments {
    @Option(
        name: [.customShort("R"), .customLong("root")],
        help: ArgumentHelp(
            "A tree; repeat it for more, later ones win.",
            discussion: """
                A directory, a tar archive, a squashfs, an image of bake's, or oci:DIR, \
                oci-archive:FILE, docker-archive:FILE. Behind :/TARGET stands the directory of the \
                image where the tree goes.
                """, valueName: "tree[:/target]"))
    var trees: [String] = []

    @Option(
        help: ArgumentHelp(
            "Leading components to drop from the paths of the -R that follows.", valueName: "n"))
    var strip: [Int] = []

    @Option(
        name: [.customShort("f"), .customLong("file")],
        help: ArgumentHelp(
            "Take the request from this file (docs/bake-json.md); flags add to it.",
            discussion: "Without -R, --package and --install it is ./bake.json."))
    var file: String?

    @Option(
        help: ArgumentHelp(
            "A Debian package with all it depends on; NAME, NAME=VERSION or NAME/SUITE.",
            valueName: "name"))
    var package: [String] = []

    @Option(help: "The release packages come from. Default: that of this machine.")
    var suite: String?

    @Option(
        help: ArgumentHelp(
            "Where packages come from. Default: where apt gets them here.", valueName: "uri"))
    var mirror: String?

    @Option(
        help: ArgumentHelp(
            """
            What comes with every package, as mmdebstrap has it: extract, essential, apt, minbase, \
            important or standard. Default: essential.
            """))
    var variant: String?

    @Flag(help: "Ask the mirror for newer versions, even if an earlier bake has asked.")
    var refreshPackages = false

    @Option(
        help: ArgumentHelp(
            "A program or file of this machine, with the libraries and interpreters it needs.",
            valueName: "path"))
    var install: [String] = []

    @Option(
        help: ArgumentHelp("Take what --install names from this root instead.", valueName: "dir"))
    var sysroot: String?

    @Option(
        help: ArgumentHelp(
            "An inode as a line of the tree's text form: 'c 0600 0:0 0 /dev/console 5:1'.",
            valueName: "line"))
    var node: [String] = []

    @Option(
        help: ArgumentHelp(
            "Shell commands, run in the merged tree; what they change becomes the top layer.",
            valueName: "commands"))
    var edit: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            Leave out what trees given with -R have by this pattern: /usr/share/doc, '*.pyc', \
            '/var/**'.
            """,
            valueName: "pattern"))
    var exclude: [String] = []

    @Option(
        help: ArgumentHelp(
            "Other permissions, octal or as chmod(1) has them: 4755:/bin/su, 'go-w:/srv/**'.",
            valueName: "mode:pattern"))
    var chmod: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            Who owns the files: mapped, keep, root or UID:GID. Default: mapped, what is yours is \
            root's in the image.
            """))
    var owner: String?

    @Option(
        help: ArgumentHelp(
            """
            What becomes of a directory and something else at one path: refuse, or replace, the \
            later tree wins. Default: refuse.
            """, valueName: "rule"))
    var onConflict: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Go on, with a warning, without trees and programs that are not there.")
    var allowMissing: Bool?

    @Flag(
        inversion: .prefixedNo, help: "Go on, with a warning, when a file changes while it is read."
    )
    var allowChanging: Bool?

    @Flag(
        inversion: .prefixedNo,
        help: "Go on without POSIX access control lists, which no image can hold.")
    var dropAcl: Bool?

    @Flag(inversion: .prefixedNo, help: "Leave out what is mounted inside a tree.")
    var oneFileSystem: Bool?

    @Flag(
        inversion: .prefixedNo,
        help: "Warn of symbolic links that lead nowhere, or out of the tree.")
    var strict: Bool?

    @Flag(
        inversion: .prefixedNo,
        help: "Whether a container image's variables, program and user are taken as defaults.")
    var imageConfig: Bool?

    @Flag(name: .customLong("no-default-etc"), help: "Leave the default /etc out.")
    var omitsDefaultEtc = false

    @Option(help: ArgumentHelp("Take this instead of the default /etc.", valueName: "dir"))
    var defaultEtc: String?

    func validate() throws {
        guard strip.isEmpty else {
            throw ValidationError("--strip \(strip[0]) is for the -R that follows it; none does")
        }
        guard !(omitsDefaultEtc && defaultEtc != nil) else {
            throw ValidationError("--no-default-etc and --default-etc exclude each other")
        }
    }
}
