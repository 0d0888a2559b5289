internal import Blobs
internal import Glibc
internal import Images
internal import Kernels
internal import SystemPackage

/// The image whose compressed blocks a bake takes where they hold what it would compress, opened
/// before anything is read: `--base`, else the one the output is about to replace. Only read, and
/// still there for as long as this value, whatever becomes of its name.
struct EarlierImage {
    /// As the user wrote it.
    let name: String
    /// Whether the user named it.
    let isAskedFor: Bool
    private let image: BootImage?
    private let index: BlobIndex?
    /// Why nothing of it is taken, a clause; nil where something may be.
    private let flaw: String?

    /// Nil where nothing is to be reused, or nothing is there.
    ///
    /// An image that is damaged, foreign or unknown is as good as none: only one that was named and
    /// cannot be read at all is an error.
    static func find(
        _ request: BakeRequest, _ cache: BlobIndexCache
    ) throws(BakeError) -> EarlierImage? {
        guard request.reuse.isWanted else { return nil }
        if let base = request.reuse.base {
            guard access(base, R_OK) == 0 else {
                throw BakeError(
                    .missingInput, "cannot read '\(base)': \(Errno(rawValue: errno))",
                    hint: "name an image that is there with --base, or leave it out")
            }
            return EarlierImage(base, isAskedFor: true, request, cache)
        }
        var status = stat()
        guard stat(request.output, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return nil
        }
        return EarlierImage(request.output, isAskedFor: false, request, cache)
    }

    private init(
        _ name: String, isAskedFor: Bool, _ request: BakeRequest, _ cache: BlobIndexCache
    ) {
        self.name = name
        self.isAskedFor = isAskedFor
        let image: BootImage
        do {
            image = try BootImage(opening: FilePath(name))
        } catch {
            self.image = nil
            index = nil
            flaw = "\(error)"
            return
        }
        self.image = image
        guard request.blobKind == .squashfs, let verity = image.manifest.blob.verity else {
            index = nil
            flaw = "only a squashfs has blocks"
            return
        }
        index = cache.index(ofRootHash: verity.rootHash.bytes)
        flaw = index == nil ? "bake's cache does not know what it was made of" : nil
    }

    /// What the blob's writer needs of it.
    var base: Reuse.Base? {
        guard let image, let index else { return nil }
        let (file, range) = image.blobData
        return Reuse.Base(
            file: file, blobOffset: UInt64(range.lowerBound), index: index,
            verity: image.manifest.blob.verity.map { verity in
                Verity(
                    rootHash: verity.rootHash.bytes, salt: verity.salt,
                    dataBlockCount: UInt64(verity.dataBlockCount),
                    hashStartBlock: UInt64(verity.hashStartBlock))
            })
    }

    /// What the user should know of it when the bake is done.
    struct Remark {
        var notes: [String] = []
        var warnings: [String] = []
    }

    /// Nothing reused is worth a warning where the user named the image; damage always is.
    func remark(on outcome: Reuse.Outcome?) -> Remark {
        let isOther = outcome?.isOtherwiseCompressed ?? false
        if let reason = flaw ?? (isOther ? "it was compressed in another way" : nil) {
            let text = "nothing was reused from '\(name)': \(reason)"
            return isAskedFor ? Remark(warnings: [text]) : Remark(notes: [text])
        }
        let count = outcome?.damagedBlockCount ?? 0
        if count == 0 { return Remark() }
        let blocks = count == 1 ? "one of its blocks was" : "\(count) of its blocks were"
        return Remark(warnings: ["'\(name)' is damaged: \(blocks) made anew"])
    }
}

extension BlobIndexCache {
    init(of cache: KernelCache) {
        self.init(directory: cache.root.appending("blobs"))
    }
}
