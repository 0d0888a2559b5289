/// Blocks in the order in which they go into the file. A fragment takes its place when it is
/// handed to the workers; those behind it wait until it comes back.
struct CommitQueue {
    enum Item {
        /// Nil for a block of zeros.
        case block(file: Int, index: Int, PackedBlock?)
        /// Nil until it was packed.
        case fragment(number: Int, PackedBlock?)
    }

    private var items: [Item] = []
    /// Items before it were taken.
    private var first = 0

    mutating func append(_ item: Item) { items.append(item) }

    /// The fragment that everything behind it waits for; nil when nothing waits.
    var awaitedFragment: Int? {
        guard first < items.count, case .fragment(let number, nil) = items[first] else {
            return nil
        }
        return number
    }

    mutating func fragmentArrived(_ block: PackedBlock) {
        guard let number = awaitedFragment else { preconditionFailure("no fragment is awaited") }
        items[first] = .fragment(number: number, block)
    }

    mutating func takeReady() -> Item? {
        guard first < items.count, awaitedFragment == nil else { return nil }
        defer { drop() }
        return items[first]
    }

    private mutating func drop() {
        first += 1
        if first == items.count {
            items.removeAll(keepingCapacity: true)
            first = 0
        } else if first >= 64 {
            items.removeFirst(first)
            first = 0
        }
    }
}
