internal import Blobs
internal import Images
internal import Kernels
internal import Packages
internal import Trees

/// What a bake did, as a value; the command renders it.
public struct BakeReport: Sendable {
    /// One layer of the merged tree.
    public struct Layer: Sendable {
        /// The tree as the user wrote it, or what bake calls its own layers.
        public let name: String
        public let entryCount: Int
        /// Entries of this layer that a later layer hid.
        public let hiddenCount: Int
        /// Entries of this layer that a later layer removed.
        public let removedCount: Int
    }

    /// A Debian package of the packages' layer.
    public struct Package: Sendable {
        public let name: String
        public let version: String
        public let architecture: String
    }

    /// The blob of an image, or the tree that was written alone; absent from the report of a dry run.
    public struct Blob: Sendable {
        public let kind: String
        public let compression: String
        public let byteCount: Int64
        public let offset: Int64
    }

    /// The blocks that were taken from an earlier image.
    public struct Reuse: Sendable {
        /// The image, as the user wrote it.
        public let base: String
        public let blockCount: Int
        /// As they are stored.
        public let byteCount: Int64
    }

    public let output: String
    public let format: BakeRequest.OutputFormat
    /// Nil where no kernel is part of the output.
    public let kernelVersion: String?
    public let moduleCount: Int
    public let layers: [Layer]
    /// Paths in the merged tree.
    public let entryCount: Int
    /// Files behind these paths, hard links counted once.
    public let inodeCount: Int
    /// Of `--package`: everything in that layer, sorted.
    public let packages: [Package]
    /// What each `--edit` did.
    public let edits: [TreeChanges]
    /// Things the user should know of, each a sentence.
    public let warnings: [String]
    /// What was hidden, replaced or removed, each a sentence; there can be many.
    public let notes: [String]
    /// The merged tree's text form, a line an inode; nil unless the request is listed.
    public let listing: String?
    public let blob: Blob?
    /// Nil where there was no earlier image, and for a dry run.
    public let reuse: Reuse?
    /// Bytes of the finished file; nil for a dry run.
    public let outputByteCount: Int64?
    public var imageByteCount: Int64? { format == .image ? outputByteCount : nil }
    /// Of the finished file, lower-case hexadecimal digits, where the tree was written alone; the
    /// parts of an image have digests of their own. Of a squashfs only where it was asked for.
    public let sha256: String?
    /// Bytes of RAM the image needs to boot under BIOS and the Linux boot protocol, and under UEFI.
    public let memory: (linux: Int64, uefi: Int64)?
}

/// Where a bake is, for a progress line.
public enum BakeProgress: Sendable {
    /// Debian packages are resolved, fetched and unpacked: which of these, in words.
    case preparingPackages(step: String)
    case reading(tree: String)
    /// The shell commands of an `--edit`, counted from 1.
    case editing(number: Int, count: Int)
    case packing(doneByteCount: Int64, totalByteCount: Int64)
    case writing
}

extension BakeProgress {
    static func packing(_ progress: BlobProgress) -> BakeProgress {
        .packing(
            doneByteCount: Int64(progress.bytesDone), totalByteCount: Int64(progress.byteCount))
    }
}

extension BakeReport {
    /// - Parameters:
    ///   - blob: nil for a dry run, as is `image`.
    init(
        _ plan: BakePlan, moduleCount: Int, _ baked: BakedTree, _ blob: Blobs.Blob? = nil,
        _ image: WrittenImage? = nil, _ earlier: EarlierImage? = nil
    ) {
        self.init(
            plan.request, baked, blob, at: image?.blobOffset, warnings: plan.warnings,
            outputByteCount: image.map { Int64($0.byteCount) },
            kernel: (plan.kernel.version, moduleCount),
            memory: image.map { image in
                let needs = image.manifest.memory
                return (Int64(needs.inPlaceByteCount), Int64(needs.uefiByteCount))
            }, earlier: earlier)
    }

    /// Of a tree that is written alone.
    /// - Parameter blob: nil for a dry run.
    init(_ plan: PartPlan, _ baked: BakedTree, _ blob: Blobs.Blob? = nil) {
        let digest: [UInt8]? = blob?.sha256
        self.init(
            plan.request, baked, blob, at: 0, warnings: plan.warnings,
            outputByteCount: blob.map { Int64($0.byteCount) },
            sha256: digest.flatMap { ContentDigest(bytes: $0)?.hex })
    }

    private init(
        _ request: BakeRequest, _ baked: BakedTree, _ blob: Blobs.Blob?, at blobOffset: Int?,
        warnings: [String], outputByteCount: Int64?, sha256: String? = nil,
        kernel: (version: String, moduleCount: Int)? = nil,
        memory: (linux: Int64, uefi: Int64)? = nil, earlier: EarlierImage? = nil
    ) {
        let tree = baked.tree
        let remark = earlier?.remark(on: blob?.reuse)
        packages = baked.packages.map {
            Package(name: $0.name, version: $0.version, architecture: $0.architecture)
        }
        edits = baked.edits
        let counts = tree.counts
        output = request.output
        format = request.format
        kernelVersion = kernel?.version
        moduleCount = kernel?.moduleCount ?? 0
        layers = Self.layers(of: tree)
        entryCount = tree.entries.count
        inodeCount = tree.entries.count - counts.hardLinks
        self.warnings =
            warnings + baked.warnings + tree.notes.filter(\.isWarning).map(\.description)
            + (blob?.notes.map(\.description) ?? [])
            + (remark?.warnings ?? [])
        notes =
            tree.notes.filter { !$0.isWarning }.map(\.description) + Self.hidden(in: tree)
            + Self.removed(from: tree)
            + baked.notes + (remark?.notes ?? [])
        listing = request.isListed ? tree.text : nil
        reuse = earlier.flatMap { earlier in
            blob?.reuse.map {
                Reuse(
                    base: earlier.name, blockCount: $0.blockCount, byteCount: Int64($0.byteCount))
            }
        }
        self.blob = blob.flatMap { blob in
            blobOffset.map { offset in
                Blob(
                    kind: blob.kind.rawValue, compression: blob.compression,
                    byteCount: Int64(blob.byteCount), offset: Int64(offset))
            }
        }
        self.outputByteCount = outputByteCount
        self.sha256 = sha256
        self.memory = memory
    }

    private static func layers(of tree: MergedTree) -> [Layer] {
        var entryCounts = [Int](repeating: 0, count: tree.layerNames.count)
        var hiddenCounts = entryCounts
        for index in tree.entries.indices {
            if let layer = tree.entries.layerIndex(at: index) { entryCounts[layer] += 1 }
        }
        for entry in tree.entries.hiding {
            for index in entry.hiddenLayerIndices { hiddenCounts[index] += 1 }
        }
        var removedCounts = [Int](repeating: 0, count: tree.layerNames.count)
        for removal in tree.removals { removedCounts[removal.layerIndex] += 1 }
        return tree.layerNames.indices.map { index in
            Layer(
                name: tree.layerNames[index], entryCount: entryCounts[index],
                hiddenCount: hiddenCounts[index], removedCount: removedCounts[index])
        }
    }

    private static func removed(from tree: MergedTree) -> [String] {
        tree.removals.map { removal in
            "\(removal.path) of \(tree.layerNames[removal.layerIndex]) is removed by "
                + tree.layerNames[removal.byLayerIndex]
        }
    }

    /// One sentence for each file that a later layer hides.
    private static func hidden(in tree: MergedTree) -> [String] {
        tree.entries.hiding.flatMap { entry in
            entry.hiddenLayerIndices.map { hidden in
                let winner = entry.layerIndex.map { tree.layerNames[$0] } ?? "bake"
                return "\(entry.path) of \(tree.layerNames[hidden]) is hidden by \(winner)"
            }
        }
    }
}

extension WrittenImage {
    /// File offset of the blob, in bytes.
    fileprivate var blobOffset: Int {
        manifest.parts.first { $0.part.name == .blob }?.part.range.lowerBound ?? 0
    }
}
