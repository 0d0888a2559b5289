internal import Blobs
internal import Glibc
internal import SystemPackage
internal import Trees

/// The blob in a file without a name in the output's directory: on the output's file system, so
/// that it can be moved into the image without a copy where that file system can share blocks, and
/// gone with the process, however that ends.
struct BlobFile: ~Copyable {
    let blob: Blob
    let descriptor: FileDescriptor

    private init(blob: Blob, descriptor: FileDescriptor) {
        self.blob = blob
        self.descriptor = descriptor
    }

    static func write(
        _ tree: MergedTree, _ plan: BakePlan, beside output: FilePath, _ reuse: Reuse?,
        _ progress: @escaping @Sendable (BakeProgress) -> Void
    ) throws(BakeError) -> BlobFile {
        let descriptor = try createNameless(beside: output)
        do throws(BlobError) {
            let blob = try pack(tree, plan, reuse, to: descriptor) { blobProgress in
                progress(
                    .packing(
                        doneByteCount: Int64(blobProgress.bytesDone),
                        totalByteCount: Int64(blobProgress.byteCount)))
            }
            return BlobFile(blob: blob, descriptor: descriptor)
        } catch {
            try? descriptor.close()  // what it held is worth nothing without its end
            throw BakeError(error, output: plan.request.output)
        }
    }

    deinit {
        try? descriptor.close()  // it was copied into the image, or the bake has failed anyway
    }

    private static func pack(
        _ tree: MergedTree, _ plan: BakePlan, _ reuse: Reuse?, to descriptor: FileDescriptor,
        _ progress: (BlobProgress) -> Void
    ) throws(BlobError) -> Blob {
        switch plan.request.blobKind {
        case .squashfs:
            var options = SquashFS.Options()
            options.compression = plan.compression
            options.blockSize = plan.request.blockSize
            options.workerCount = plan.request.workerCount
            options.reuse = reuse
            options.timeSeconds = UInt32(clamping: plan.request.sourceDateEpoch ?? 0)
            return try SquashFS.write(tree, to: descriptor, options: options, progress: progress)
        case .tar:
            var options = Tar.Options()
            options.level = plan.compression.level
            return try Tar.write(tree, to: descriptor, options: options, progress: progress)
        }
    }

    /// O_TMPFILE of asm-generic/fcntl.h; Swift's Glibc module leaves GNU's names out.
    private static let nameless: Int32 = 0o20000000 | O_DIRECTORY

    private static func createNameless(beside output: FilePath) throws(BakeError) -> FileDescriptor
    {
        let parent = output.removingLastComponent()
        let directory = parent.isEmpty ? "." : parent.string
        var descriptor = open(directory, nameless | O_RDWR | O_CLOEXEC, 0o600)
        if descriptor < 0 {
            // Some file systems (overlayfs of old kernels, NFS) know no files without a name.
            var template = Array("\(directory)/.bake-blob-XXXXXX".utf8CString)
            descriptor = mkstemp(&template)
            if descriptor >= 0 { unlink(template) }
        }
        guard descriptor >= 0 else {
            throw BakeError(
                .outputNotWritable, "cannot write to '\(directory)': \(Errno(rawValue: errno))")
        }
        return FileDescriptor(rawValue: descriptor)
    }
}
