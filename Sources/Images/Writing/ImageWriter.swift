internal import BakeContract
public import SystemPackage

/// Puts an image together.
public enum ImageWriter {
    /// Writes the file complete or not at all; what stood under the name before stays whole until
    /// then. The same contents make the same bytes.
    ///
    /// Throws `.malformed` for a kernel or stub that cannot be used, `.tooLarge` for what no
    /// loader could take, `.file` for what the system refused.
    @discardableResult
    public static func write(
        _ contents: ImageContents, to path: FilePath
    ) throws(ImageError) -> WrittenImage {
        let plan = try ImagePlan(contents)
        let output = try OutputFile(replacing: path)
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
            range.count, from: blob.descriptor, named: blob.path, to: range.lowerBound)
        guard copied == range.count else {
            throw .malformed(
                part: .blob, flaw: .truncated(byteCount: copied, neededByteCount: range.count))
        }
    }
}
