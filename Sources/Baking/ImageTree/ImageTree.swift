internal import BakeContract
internal import Blobs
internal import Images
public import SystemPackage
internal import Trees

/// The tree inside an image.
///
/// Of a squashfs nothing is unpacked but what is asked for. A tar is one compressed frame: to find
/// anything in it, it has to be read from its beginning.
public struct ImageTree: Sendable {
    let image: BootImage
    /// As the user wrote it.
    let name: String

    public init(opening path: FilePath) throws(BakeError) {
        do throws(ImageError) {
            image = try BootImage(opening: path)
        } catch {
            throw BakeError(error, image: path.string)
        }
        name = path.string
    }

    /// The tree as a layer.
    ///
    /// - Parameters:
    ///   - scratch: a directory with room for the contents; nil when none are wanted.
    ///   - isWanted: the files whose contents are read; of a file with several names in a tar, its
    ///     first name counts. The others have a length, and to read them is an error.
    func layer(
        scratch: FilePath?, wanting isWanted: @escaping @Sendable (TreePath) -> Bool = { _ in true }
    ) throws(BakeError) -> Layer {
        let (file, range) = image.blobData
        switch image.manifest.blob.kind {
        case .squashfs:
            return try squashfs(file, range, scratch, isWanted)
        case .tar:
            var options = ArchiveOptions()
            options.contents = scratch == nil ? .none : .wanted(isWanted)
            do throws(TreeError) {
                return try .read(
                    archive: file, bytes: UInt64(range.lowerBound)..<UInt64(range.upperBound),
                    name: name, scratch: scratch ?? ".", options: options)
            } catch {
                throw BakeError(error)
            }
        }
    }

    /// The whole tree, once its bytes are known to be those that were baked: squashfs itself has no
    /// checksums.
    func checkedLayer(scratch: FilePath) throws(BakeError) -> Layer {
        do throws(ImageError) {
            try image.checkBlob()
        } catch {
            throw BakeError(error, image: name)
        }
        return try layer(scratch: scratch)
    }

    private func squashfs(
        _ file: FileDescriptor, _ range: Range<Int>, _ scratch: FilePath?,
        _ isWanted: (TreePath) -> Bool
    ) throws(BakeError) -> Layer {
        do throws(SquashFSReadError) {
            return try SquashFS.read(
                file, at: UInt64(range.lowerBound), byteCount: UInt64(range.count), name: name,
                scratch: scratch, wanting: isWanted)
        } catch {
            throw BakeError(error)
        }
    }

    /// A path that a user wrote: as it is, else, when that is not there, as `bake ls` prints names
    /// that are no text (`\xff`).
    func meant(_ path: [UInt8], in tree: MergedTree) -> Bytes {
        if case .found = tree.resolve(path) { return path }
        guard let other = path.unescaped, case .found = tree.resolve(other) else { return path }
        return other
    }

    /// The tree without contents.
    func tree() throws(BakeError) -> MergedTree {
        let layer = try layer(scratch: nil)
        do throws(TreeError) {
            return try MergedTree.overlay([layer])
        } catch {
            throw BakeError(error)
        }
    }
}

extension MergedTree {
    /// Follows links as a program in the guest would.
    ///
    /// - Parameter image: for messages.
    func place(of path: Bytes, image: String) throws(BakeError) -> (TreePath, Node) {
        switch resolve(path) {
        case .found(let place, let node): return (place, node)
        case .missing(let missing):
            let whole = TreePath(path)
            let isWhole = whole == missing
            let near = nearest(to: missing) ?? whole.flatMap { nearest(to: $0) }
            throw BakeError(
                .missingInput,
                "there is no '/\(String(printable: path.withoutLeadingSlash))' in '\(image)'"
                    + (isWhole ? "" : ": '\(missing)' is missing"),
                hint: near.map { "did you mean '\($0)'?" })
        case .tooManyLinks:
            throw BakeError(
                .malformedInput,
                "'/\(String(printable: path.withoutLeadingSlash))' in '\(image)' is a circle of "
                    + "symbolic links")
        }
    }

    /// What somebody who wrote a path that is not there probably meant: a name like it in the same
    /// directory, else the same name elsewhere.
    func nearest(to missing: TreePath) -> TreePath? {
        let name = missing.name
        if let directory = missing.parent, self[directory]?.isDirectory ?? false {
            let siblings = entries.filter { !$0.path.isRoot && $0.path.parent == directory }
            if let near = BakeContract.nearest(to: name, among: siblings.map(\.path.name)) {
                return directory.appending(near)
            }
        }
        return entries.first { $0.path.name == name && !$0.path.isRoot }?.path
    }
}

/// A path or a name for people: control bytes and what is not UTF-8 as `\xNN`.
public func printable(_ bytes: [UInt8]) -> String { String(printable: bytes) }

extension Bytes {
    var withoutLeadingSlash: Bytes { Bytes(drop { $0 == UInt8(ascii: "/") }) }
}
