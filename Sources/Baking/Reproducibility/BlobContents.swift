internal import Blobs
internal import Images
internal import SystemPackage
internal import Trees

/// The tree in an image, contents included.
enum BlobContents {
    static func layer(of image: BootImage, scratch: FilePath) throws(BakeError) -> Layer {
        let range: Range<Int>
        let file: FileDescriptor
        do {
            range = try image.range(of: .blobData)
            file = try FileDescriptor.open(image.path, .readOnly, options: .closeOnExec)
        } catch {
            throw BakeError(.failed, "cannot read '\(image.path)': \(error)")
        }
        defer { try? file.close() }  // nothing was written to it
        let name = image.path.string
        do {
            switch image.manifest.blob.kind {
            case .squashfs:
                return try SquashFS.read(
                    file, at: UInt64(range.lowerBound), byteCount: UInt64(range.count), name: name,
                    scratch: scratch)
            case .tar:
                return try .read(
                    archive: file, bytes: UInt64(range.lowerBound)..<UInt64(range.upperBound),
                    name: name, scratch: scratch)
            }
        } catch {
            throw BakeError(.failed, "cannot compare the trees: \(error)")
        }
    }
}
