/// The known name that a misspelt one probably meant: the nearest by edits (insert, delete,
/// replace, swap two neighbours), at most two of them and fewer than half the name's letters.
public func nearest(to name: Bytes, among known: some Sequence<Bytes>) -> Bytes? {
    // A long name is no misspelling of ours, and the table grows with its square.
    guard name.count <= 32 else { return nil }
    var best: (name: Bytes, distance: Int)?
    for candidate in known {
        // Every letter too many is an edit.
        guard abs(candidate.count - name.count) <= 2 else { continue }
        let distance = editDistance(name, candidate)
        guard distance <= 2, distance * 2 < max(candidate.count, name.count) else { continue }
        if let best, best.distance <= distance { continue }
        best = (candidate, distance)
    }
    return best?.name
}

func nearest(to name: Bytes, among known: [StaticString]) -> Bytes? {
    nearest(to: name, among: known.lazy.map { Bytes($0.description) })
}

private func editDistance(_ left: Bytes, _ right: Bytes) -> Int {
    var rows: [[Int]] = [Array(0...right.count)]
    for i in left.indices {
        var row = [i + 1]
        for j in right.indices {
            var cost = min(rows[i][j + 1], row[j]) + 1
            cost = min(cost, rows[i][j] + (left[i] == right[j] ? 0 : 1))
            if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                cost = min(cost, rows[i - 1][j - 1] + 1)
            }
            row.append(cost)
        }
        rows.append(row)
    }
    return rows[left.count][right.count]
}
