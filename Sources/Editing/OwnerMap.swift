internal import Trees

/// Who owns a file as the commands see it, given who owns it here: the map of their user
/// namespace (user_namespaces(7)).
struct OwnerMap: Sendable, Equatable {
    struct Range: Sendable, Equatable {
        let inside: UInt32
        let outside: UInt32
        let count: UInt32
    }

    /// Nil where nothing is mapped.
    private let ranges: (users: [Range], groups: [Range])?

    static let identity = OwnerMap(ranges: nil)

    private init(ranges: (users: [Range], groups: [Range])?) {
        self.ranges = ranges
    }

    /// Commands that run as this user, who is root to the tree.
    init(rootIs user: UInt32, group: UInt32) {
        ranges = (
            [Range(inside: 0, outside: user, count: 1)],
            [Range(inside: 0, outside: group, count: 1)]
        )
    }

    /// As in /proc/PID/uid_map and gid_map, read from the parent namespace: `0 1000 1`.
    init(users: String, groups: String) {
        ranges = (Self.parse(users), Self.parse(groups))
    }

    private static func parse(_ text: String) -> [Range] {
        text.split(separator: "\n").compactMap { line in
            let numbers = line.split(separator: " ").compactMap { UInt32($0) }
            guard numbers.count == 3 else { return nil }
            return Range(inside: numbers[0], outside: numbers[1], count: numbers[2])
        }
    }

    func user(_ id: UInt32) -> UInt32 { Self.inside(id, ranges?.users) }
    func group(_ id: UInt32) -> UInt32 { Self.inside(id, ranges?.groups) }

    /// Root, where the commands could not have given the file to anybody.
    private static func inside(_ id: UInt32, _ ranges: [Range]?) -> UInt32 {
        guard let ranges else { return id }
        for range in ranges where id >= range.outside && id - range.outside < range.count {
            return range.inside + (id - range.outside)
        }
        return 0
    }

    static func == (left: OwnerMap, right: OwnerMap) -> Bool {
        left.ranges?.users == right.ranges?.users && left.ranges?.groups == right.ranges?.groups
    }
}
