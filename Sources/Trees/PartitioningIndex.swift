extension RandomAccessCollection where Index == Int {
    /// The position of the first element that the rest of a partitioned collection begins with.
    package func partitioningIndex(_ isInRest: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if isInRest(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
