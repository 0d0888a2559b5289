internal import BakeContract
public import SystemPackage

/// Puts an image together.
public enum ImageWriter {
    /// A blob longer than this fits no image, whatever else is in it, in bytes.
    public static let blobLimitByteCount = UInt64(
        ImageLayout.addressLimit - SetupHeader.lowestLoadAddress)

    /// Where in the image the blob begins, in bytes: what stands before it says how long it is, but not
    /// what it is. The numbers and digests of its description, and of the settings, may be
    /// guesses; a guess that is longer or shorter than the truth may be a page off.
    public static func blobOffset(in contents: ImageContents) throws(ImageError) -> Int {
        try ImageFront(contents).layout(contents)[.blob].lowerBound
    }

    /// Writes the file complete or not at all; what stood under the name before stays whole until
    /// then. The same contents make the same bytes.
    ///
    /// Throws `.malformed` for a kernel or stub that cannot be used, `.tooLarge` for what no
    /// loader could take, `.file` for what the system refused.
    ///
    /// - Parameters:
    ///   - permissions: of the file; nil for what the umask leaves of 0644.
    ///   - draft: the file that holds the blob, if it was made to become the image. Where the blob
    ///     does not stand there as it must in the image, another file is made and the draft dropped.
    @discardableResult
    public static func write(
        _ contents: ImageContents, to path: FilePath, permissions: FilePermissions? = nil,
        draft: consuming OutputFile? = nil
    ) throws(ImageError) -> WrittenImage {
        let plan = try ImagePlan(contents)
        let isInPlace = draft != nil && contents.blob.offset == plan.layout[.blob].lowerBound
        let output = isInPlace ? draft.take()! : try OutputFile(replacing: path)
        if let permissions { try output.set(permissions) }
        for part in plan.contents {
            try part.source.write(
                part.name, withDigest: part.digest, to: output,
                at: plan.layout[part.name].lowerBound)
        }
        if !isInPlace {
            try copyBlob(contents.blob, to: output, at: plan.layout[.blob])
            // Until here its descriptor was in use.
            _ = consume draft
        }
        // What no part wrote stays a hole: zeros.
        try output.resize(toByteCount: plan.layout.fileByteCount)
        try output.finish()
        return WrittenImage(byteCount: plan.layout.fileByteCount, manifest: plan.manifest)
    }

    private static func copyBlob(
        _ blob: BlobSource, to output: borrowing OutputFile, at range: Range<Int>
    ) throws(ImageError) {
        let copied = try output.copy(
            blob.offset..<blob.offset + range.count, from: blob.descriptor, named: blob.path,
            to: range.lowerBound)
        guard copied == range.count else {
            throw .malformed(
                part: .blob, flaw: .truncated(byteCount: copied, neededByteCount: range.count))
        }
    }
}
