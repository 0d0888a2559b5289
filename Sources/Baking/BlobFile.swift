internal import Blobs
internal import Glibc
internal import Images
internal import SystemPackage
internal import Trees

/// The blob in a file on the output's file system.
///
/// Where an earlier image tells where it will stand, the file is the new image already, and only
/// what surrounds the blob is missing. Else it is a file without a name, from which the blob can be
/// moved into the image without a copy where the file system can share blocks, and which is gone with
/// the process, however that ends.
struct BlobFile: ~Copyable {
    let blob: Blob
    let descriptor: FileDescriptor
    /// Where the blob begins in the file, in bytes.
    let offset: Int
    /// Owns the descriptor where there is one.
    private var draft: OutputFile?
    private let ownsDescriptor: Bool

    private init(
        blob: Blob, descriptor: FileDescriptor, offset: Int, draft: consuming OutputFile?
    ) {
        self.blob = blob
        self.descriptor = descriptor
        self.offset = offset
        ownsDescriptor = draft == nil
        self.draft = draft
    }

    /// The image that lacks everything but the blob.
    mutating func takeDraft() -> OutputFile? { draft.take() }

    /// - Parameter expectedOffset: where in the image the blob will stand, if that can be said.
    static func write(
        _ tree: MergedTree, _ plan: BakePlan, beside output: FilePath, _ reuse: Reuse?,
        expectedOffset: Int?, _ progress: @escaping @Sendable (BakeProgress) -> Void
    ) throws(BakeError) -> BlobFile {
        func pack(into descriptor: FileDescriptor, at offset: Int) throws(BlobError) -> Blob {
            try Self.pack(tree, plan, reuse, to: descriptor, at: offset) {
                progress(.packing($0))
            }
        }
        if let expectedOffset {
            let draft = try createDraft(of: output, plan)
            let descriptor = draft.descriptor
            do throws(BlobError) {
                let blob = try pack(into: descriptor, at: expectedOffset)
                return BlobFile(
                    blob: blob, descriptor: descriptor, offset: expectedOffset, draft: draft)
            } catch {
                throw BakeError(error, output: plan.request.output)
            }
        }
        let descriptor = try createNameless(beside: output)
        do throws(BlobError) {
            let blob = try pack(into: descriptor, at: 0)
            return BlobFile(blob: blob, descriptor: descriptor, offset: 0, draft: nil)
        } catch {
            try? descriptor.close()  // what it held is worth nothing without its end
            throw BakeError(error, output: plan.request.output)
        }
    }

    deinit {
        // It was copied into the image, or the bake has failed anyway.
        if ownsDescriptor { try? descriptor.close() }  // as said above
    }

    private static func pack(
        _ tree: MergedTree, _ plan: BakePlan, _ reuse: Reuse?, to descriptor: FileDescriptor,
        at offset: Int,
        _ progress: (BlobProgress) -> Void
    ) throws(BlobError) -> Blob {
        switch plan.packing {
        case .squashfs(let compression):
            var options = SquashFS.Options(plan.request, compression)
            options.limitByteCount = ImageWriter.blobLimitByteCount
            options.reuse = reuse
            return try SquashFS.write(
                tree, to: descriptor, at: UInt64(offset), options: options, progress: progress)
        case .tar(let compression):
            var options = Tar.Options()
            options.compression = compression
            options.workerCount = plan.request.workerCount
            options.limitByteCount = ImageWriter.blobLimitByteCount
            return try Tar.write(tree, to: descriptor, options: options, progress: progress)
        }
    }

    private static func createDraft(
        of output: FilePath, _ plan: BakePlan
    ) throws(BakeError) -> OutputFile {
        do {
            return try OutputFile(replacing: output)
        } catch {
            throw BakeError(error, output: plan.request.output)
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
