/// The entries of a layer, sorted by path, by their positions. To ask for one makes it.
public struct EntryList: RandomAccessCollection, Sendable, Equatable {
    private var list: PackedList<Layer.Entry>

    init(_ entries: [Layer.Entry] = []) {
        list = PackedList(entries)
    }

    init(_ list: PackedList<Layer.Entry>) {
        self.list = list
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { list.count }

    public subscript(index: Int) -> Layer.Entry { list[index] }

    public static func == (left: EntryList, right: EntryList) -> Bool {
        left.elementsEqual(right)
    }

    /// Puts an entry where it belongs, in place of one with the same path.
    mutating func place(_ entry: Layer.Entry) {
        let position = lowerBound(of: entry.path)
        let isThere = position < count && compare(position, to: entry.path) == .same
        list.withArray { entries in
            if isThere {
                entries[position] = entry
            } else {
                entries.insert(entry, at: position)
            }
        }
    }

    /// Where a path stands; nil when it is not there.
    func position(of path: TreePath) -> Int? {
        let position = lowerBound(of: path)
        return position < count && compare(position, to: path) == .same ? position : nil
    }

    /// Position of the first path that is not before this one.
    func lowerBound(of path: TreePath) -> Int {
        indices.partitioningIndex { compare($0, to: path) != .before }
    }

    /// Bytes of the path of an entry, and of that of the directory it stands in.
    func pathByteCounts(at index: Int) -> (path: Int, parent: Int) {
        list.read(index, { ($0.path.bytes.count, $0.path.parentByteCount) }) { record, _ in
            var record = record
            let path = record.buffer()
            return (path.count, path.lastIndex(of: UInt8(ascii: "/")) ?? 0)
        }
    }

    /// How the path of an entry stands to another one.
    func compare(_ index: Int, to path: TreePath) -> TreePath.Order {
        list.read(index, { $0.path.order(to: path) }) { record, _ in
            var record = record
            return path.bytes.withUnsafeBufferPointer {
                TreePath.Order(of: record.buffer(), to: $0)
            }
        }
    }
}

extension Layer.Entry: Packable {
    func write(to record: inout RecordWriter, _ attachments: Attachments) {
        record.append(path.bytes)
        record.append(UInt64(nodeIndex))
    }

    init(_ record: inout RecordReader, _ attachments: Attachments) {
        path = TreePath(trusted: record.bytes())
        nodeIndex = Int(record.number())
    }
}
