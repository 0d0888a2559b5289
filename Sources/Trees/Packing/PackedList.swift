/// What can be written as a record.
protocol Packable: Sendable {
    func write(to record: inout RecordWriter, _ attachments: Attachments)
    init(_ record: inout RecordReader, _ attachments: Attachments)
}

/// A list of which there may be millions of elements: an array, or, when it was made by a `Packer`,
/// records. Changing more than single elements of the latter makes it an array.
struct PackedList<Element: Packable>: Sendable {
    /// Empty where there are records.
    private var elements: [Element]
    private var records: PackedRecords?
    /// Elements that have changed since they were packed.
    private var changes: [Int: Element] = [:]

    init(_ elements: [Element] = []) {
        self.elements = elements
    }

    fileprivate init(_ records: PackedRecords) {
        elements = []
        self.records = records
    }

    var count: Int { records?.count ?? elements.count }

    subscript(index: Int) -> Element {
        get {
            read(index, { $0 }) { record, attachments in
                var record = record
                return Element(&record, attachments)
            }
        }
        set {
            if records == nil { elements[index] = newValue } else { changes[index] = newValue }
        }
    }

    /// One fact of an element, without making the element where it is packed.
    @inline(__always)
    func read<Fact>(
        _ index: Int, _ fact: (Element) -> Fact,
        packed: (RecordReader, Attachments) -> Fact
    ) -> Fact {
        guard let records else { return fact(elements[index]) }
        if !changes.isEmpty, let changed = changes[index] { return fact(changed) }
        return records.withRecord(index, packed)
    }

    mutating func withArray<Value>(_ body: (inout [Element]) -> Value) -> Value {
        if records != nil {
            elements = (0..<count).map { self[$0] }
            records = nil
            changes = [:]
        }
        return body(&elements)
    }
}

/// What records refer to and bytes cannot hold.
final class Attachments: @unchecked Sendable {
    private(set) var directories: [HostDirectory] = []
    private(set) var xattrLists: [[Node.Xattr]] = []
    private var indexOfXattrs: [[Node.Xattr]: Int] = [:]
    /// Nodes that are not packed.
    private(set) var nodes: [Node] = []

    func index(of directory: HostDirectory) -> Int {
        // Nearly all files of a list are of one directory.
        if let index = directories.lastIndex(where: { $0 === directory }) { return index }
        directories.append(directory)
        return directories.count - 1
    }

    func index(of xattrs: [Node.Xattr]) -> Int {
        if let index = indexOfXattrs[xattrs] { return index }
        xattrLists.append(xattrs)
        indexOfXattrs[xattrs] = xattrLists.count - 1
        return xattrLists.count - 1
    }

    func index(of node: Node) -> Int {
        nodes.append(node)
        return nodes.count - 1
    }
}

/// Makes a list element by element, without ever having them all in memory.
struct Packer<Element: Packable>: ~Copyable {
    private var spool: RecordSpool
    private let attachments = Attachments()
    private var record = RecordWriter()

    /// - Parameter scratch: nil for memory alone.
    init(spillingTo scratch: Scratch?) {
        spool = RecordSpool(spillingTo: scratch)
    }

    var count: Int { spool.count }

    mutating func append(_ element: Element) {
        record.removeAll()
        element.write(to: &record, attachments)
        spool.append(record.bytes)
    }

    consuming func finish() -> PackedList<Element> {
        PackedList(spool.finish(attachments))
    }
}
