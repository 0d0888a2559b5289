/// Numbers of which most are one more than the one before: kept as runs.
struct RunList: Sendable {
    private struct Run: Sendable {
        /// Where it starts in the list.
        let position: UInt32
        let first: UInt32
    }

    private var runs: [Run] = []
    private(set) var count = 0

    mutating func append(_ number: UInt32) {
        let isNext =
            runs.last.map { UInt64($0.first) + UInt64(count) - UInt64($0.position) == number }
        if isNext != true { runs.append(Run(position: UInt32(count), first: number)) }
        count += 1
    }

    subscript(index: Int) -> UInt32 {
        precondition(index >= 0 && index < count)
        let run = runs[runs.partitioningIndex { Int($0.position) > index } - 1]
        return run.first + (UInt32(index) - run.position)
    }
}
