internal import BakeContract
internal import Glibc
internal import Images
internal import SystemPackage

/// Two images that should be the same, compared byte by byte and then by what the bytes mean.
struct ImageComparison {
    private let trees: (ImageTree, ImageTree)
    private var first: BootImage { trees.0.image }
    private var second: BootImage { trees.1.image }
    /// A directory with room for the contents of both trees.
    private let scratch: FilePath

    init(_ first: FilePath, _ second: FilePath, scratch: FilePath) throws(BakeError) {
        trees = (try ImageTree(opening: first), try ImageTree(opening: second))
        self.scratch = scratch
    }

    /// Empty when all bytes are the same.
    func differences() throws(BakeError) -> [ImageDifference] {
        let whole = (0..<first.byteCount, 0..<second.byteCount)
        guard let offset = try firstDifference(in: whole) else { return [] }
        var found: [(PartName, offset: Int)] = []
        for name in PartName.allCases {
            let places = (first[name].range, second[name].range)
            if let offset = try firstDifference(in: places) { found.append((name, offset)) }
        }
        if found.isEmpty {
            return [
                ImageDifference(
                    part: "padding", offset: offset, path: nil,
                    what: "other bytes from \(offset) on")
            ]
        }
        // Lengths, places and digests of other parts tell nothing when those differ.
        let isConfigured = try configuration(of: first) != configuration(of: second)
        let causes = found.filter { !$0.0.describesOthers || ($0.0 == .settings && isConfigured) }
        var differences: [ImageDifference] = []
        for (name, offset) in causes.isEmpty ? found : causes {
            differences += try explain(name, offset)
        }
        return differences
    }

    // MARK: Parts

    /// File offset in the first image of the first byte of a range that is not the same in the
    /// second's; nil when all are.
    private func firstDifference(
        in places: (Range<Int>, Range<Int>)
    ) throws(BakeError) -> Int? {
        let length = min(places.0.count, places.1.count)
        var done = 0
        while done < length {
            let count = min(1 << 20, length - done)
            let left = try bytes(of: first, places.0.lowerBound + done, count)
            let right = try bytes(of: second, places.1.lowerBound + done, count)
            if memcmp(left, right, count) != 0 {
                let index = left.indices.first { left[$0] != right[$0] } ?? 0
                return places.0.lowerBound + done + index
            }
            done += count
        }
        return places.0.count == places.1.count ? nil : places.0.lowerBound + length
    }

    private func bytes(
        of image: BootImage, _ offset: Int, _ count: Int
    ) throws(BakeError) -> Bytes {
        do throws(ImageError) {
            return try image.bytes(in: offset..<offset + count)
        } catch {
            throw BakeError(error, output: image.path.string)
        }
    }

    // MARK: What they mean

    private func explain(_ name: PartName, _ offset: Int) throws(BakeError) -> [ImageDifference] {
        func differs(_ what: String) -> ImageDifference {
            ImageDifference(part: name.rawValue, offset: offset, path: nil, what: what)
        }
        switch name {
        case .blob:
            let files = try TreeComparison(
                trees.0.layer(scratch: scratch),
                trees.1.layer(scratch: scratch)
            ).differences()
            if files.isEmpty {
                return [
                    differs("stored in other bytes from \(offset) on, though the tree is the same")
                ]
            }
            return files.map { file in
                ImageDifference(
                    part: name.rawValue, offset: offset, path: file.path, what: file.what)
            }
        case .settings where try configuration(of: first) != configuration(of: second):
            return [differs("the baked configuration is another one")]
        default: return [differs("other bytes from \(offset) on")]
        }
    }

    private func configuration(of image: BootImage) throws(BakeError) -> Bytes? {
        do throws(ImageError) {
            return try image.bakedConfiguration()
        } catch {
            throw BakeError(error, output: image.path.string)
        }
    }
}

extension PartName {
    /// Whether the part says where others are, how long, and with which digests; the settings
    /// hold the baked configuration besides.
    fileprivate var describesOthers: Bool {
        switch self {
        case .setup, .stub, .manifest, .settings, .blobHeader, .blobTrailer: true
        default: false
        }
    }
}
