internal import ArgumentParser
internal import BakeContract
internal import Baking

/// What is written, and how the tree is packed.
struct OutputFlags: ParsableArguments {
    @Option(name: [.customShort("o"), .customLong("output")], help: "The file to write.")
    var output: String?

    @Option(
        help: ArgumentHelp(
            "image, or the merged tree alone as initrd, squashfs or tar. Default: image.",
            discussion: "docs/formats.md says what each holds.", valueName: "format"))
    var format: String?

    @Option(help: "How the tree is stored in an image: squashfs or tar. Default: squashfs.")
    var blob: String?

    @Option(
        help: ArgumentHelp(
            """
            zstd, gzip, xz, lz4 or none, with an optional level. Default: zstd:3; lz4 for the tar of \
            an image, none for a tar alone.
            """,
            valueName: "NAME[:LEVEL]"))
    var compression: String?

    @Option(
        help: "Bytes of a squashfs block, with K or M; a power of two from 4K to 1M. Default: 256K."
    )
    var blockSize: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Go on without extended attributes where the output has no place for them: an initrd."
    )
    var dropXattrs: Bool?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Threads that compress; the bytes are the same for any number. Default: one a processor.",
            valueName: "n"))
    var jobs: Int?

    func validate() throws {
        if let jobs, !(1...1024).contains(jobs) {
            throw ValidationError("--jobs \(jobs) is not a number from 1 to 1024")
        }
    }

    func apply(to request: inout BakeRequest) throws(CommandFailure) {
        if let format = try FlagText.check(format, .format, flag: "--format") {
            request.format = BakeRequest.OutputFormat(rawValue: format)!  // the rule has looked
        }
        if let blob = try FlagText.check(blob, .blobKind, flag: "--blob") {
            request.blobKind = BakeRequest.BlobKind(rawValue: blob)!  // the rule has looked
        }
        request.compression =
            try FlagText.check(compression, .compression, flag: "--compression")
            ?? request.compression
        if let blockSize = try FlagText.check(blockSize, .blockSize, flag: "--block-size") {
            request.blockSize = try ByteCountFlag.parse(blockSize, flag: "--block-size")
        }
        request.dropsXattrs = dropXattrs ?? request.dropsXattrs
        request.workerCount = jobs ?? request.workerCount
        request.output = output ?? request.output
        guard !request.output.isEmpty else {
            throw CommandFailure(
                .usage, "no output was named", hint: "name the file to write: -o app.img")
        }
    }
}
