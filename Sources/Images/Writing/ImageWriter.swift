internal import BakeContract
public import SystemPackage

/// Puts an image together.
public enum ImageWriter {
    /// A blob longer than this fits no image, whatever else is in it, in bytes.
    public static let blobLimitByteCount = UInt64(
        ImageLayout.addressLimit - SetupHeader.lowestLoadAddress)

    /// Writes the file complete or not at all; what stood under the name before stays whole until
    /// then. The same contents make the same bytes.
    ///
    /// Throws `.malformed` for a kernel or stub that cannot be used, `.tooLarge` for what no
    /// loader could take, `.file` for what the system refused.
    ///
    /// - Parameter permissions: of the file; nil for what the umask leaves of 0644.
    @discardableResult
    public static func write(
        _ contents: ImageContents, to path: FilePath, permissions: FilePermissions? = nil
    ) throws(ImageError) -> WrittenImage {
        let plan = try ImagePlan(contents)
        let output = try OutputFile(replacing: path)
        if let permissions { try output.set(permissions) }
        for part in plan.contents {
            try output.write(part.bytes, at: plan.layout[part.name].lowerBound)
        }
        try copyBlob(contents.blob, to: output, at: plan.layout[.blob])
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
