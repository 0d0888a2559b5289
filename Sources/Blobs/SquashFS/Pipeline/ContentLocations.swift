/// Where the contents of files stand in the file system; files by their positions in the plan.
struct ContentLocations {
    /// "No fragment".
    static let none: UInt32 = 0xffff_ffff

    struct File {
        /// Where its first block stands, from the start of the file system, in bytes.
        var start: UInt64 = 0
        /// Position of its first block in `blockSizes`.
        var firstBlock = 0
        var fragment = ContentLocations.none
        /// In bytes, unpacked.
        var fragmentOffset: UInt32 = ContentLocations.none
    }

    private var files: [File]
    /// Of the blocks of all files, one file behind the other, as inodes have them; 0: all zeros.
    private var blockSizes: [UInt32] = []
    /// Files whose tail is that of another file, and that file.
    private var tailOwners: [(file: Int, owner: Int)] = []

    init(fileCount: Int) {
        files = Array(repeating: File(), count: fileCount)
    }

    subscript(file: Int) -> File { files[file] }

    func blockSizes(of file: Int, count: Int) -> ArraySlice<UInt32> {
        blockSizes[files[file].firstBlock..<(files[file].firstBlock + count)]
    }

    /// The blocks of one file come without others between them.
    mutating func begin(_ file: Int, at offset: UInt64) {
        files[file].start = offset
        files[file].firstBlock = blockSizes.count
    }

    mutating func append(_ blockSize: UInt32) { blockSizes.append(blockSize) }

    mutating func setTail(of file: Int, fragment: Int, offset: Int) {
        files[file].fragment = UInt32(fragment)
        files[file].fragmentOffset = UInt32(offset)
    }

    mutating func shareTail(of owner: Int, with file: Int) {
        tailOwners.append((file, owner))
    }

    /// When everything has its place: copies get that of their originals.
    mutating func share(_ plan: ContentPlan) {
        for (file, owner) in tailOwners {
            files[file].fragment = files[owner].fragment
            files[file].fragmentOffset = files[owner].fragmentOffset
        }
        tailOwners = []
        for file in files.indices where plan.isCopy(file) {
            let original = files[Int(plan.files[file].original)]
            files[file].start = original.start
            files[file].firstBlock = original.firstBlock
        }
    }
}
