/// Where something stands in a tree: bytes, components separated by one `/`, no `/` at either
/// end. The root is empty.
///
/// Paths are compared as bytes, component by component, so a directory stands directly before
/// everything in it: `a`, `a/b`, `a.c`. Sorted paths are a depth-first walk.
public struct TreePath: Sendable, Hashable, Comparable {
    public let bytes: Bytes

    public static let root = TreePath(trusted: [])

    /// Drops leading, trailing and doubled slashes. Nil when a component is `.` or `..`, or where
    /// there is a NUL: such text names no place in a tree.
    public init?(_ bytes: Bytes) {
        let components = bytes.split(separator: UInt8(ascii: "/"))
        for component in components {
            if component.elementsEqual([UInt8(ascii: ".")]) { return nil }
            if component.elementsEqual([UInt8(ascii: "."), UInt8(ascii: ".")]) { return nil }
            if component.contains(0) { return nil }
        }
        self.bytes = Bytes(components.joined(separator: [UInt8(ascii: "/")]))
    }

    init(trusted bytes: Bytes) {
        self.bytes = bytes
    }

    public var isRoot: Bool { bytes.isEmpty }

    public var components: [ArraySlice<UInt8>] { bytes.split(separator: UInt8(ascii: "/")) }

    /// The last component; empty for the root.
    public var name: Bytes {
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return bytes }
        return Bytes(bytes[(slash + 1)...])
    }

    /// The directory it stands in; nil for the root.
    public var parent: TreePath? {
        if isRoot { return nil }
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return .root }
        return TreePath(trusted: Bytes(bytes[..<slash]))
    }

    /// - Precondition: `name` is one component: not empty, no `/`, no NUL, neither `.` nor `..`.
    public func appending(_ name: some Collection<UInt8>) -> TreePath {
        if isRoot { return TreePath(trusted: Bytes(name)) }
        var joined = Bytes()
        joined.reserveCapacity(bytes.count + 1 + name.count)
        joined += bytes
        joined.append(UInt8(ascii: "/"))
        joined += name
        return TreePath(trusted: joined)
    }

    public static func < (left: TreePath, right: TreePath) -> Bool {
        left.order(to: right) == .before
    }

    /// Where one path stands in the order of all.
    enum Order {
        case before, same, behind

        init(of left: UnsafeBufferPointer<UInt8>, to right: UnsafeBufferPointer<UInt8>) {
            let common = min(left.count, right.count)
            for index in 0..<common where left[index] != right[index] {
                // The separator sorts below every byte a name can hold.
                if left[index] == UInt8(ascii: "/") {
                    self = .before
                } else if right[index] == UInt8(ascii: "/") {
                    self = .behind
                } else {
                    self = left[index] < right[index] ? .before : .behind
                }
                return
            }
            if left.count == right.count {
                self = .same
            } else {
                self = left.count < right.count ? .before : .behind
            }
        }
    }

    func order(to other: TreePath) -> Order {
        bytes.withUnsafeBufferPointer { own in
            other.bytes.withUnsafeBufferPointer { Order(of: own, to: $0) }
        }
    }
}

extension TreePath: ExpressibleByStringLiteral {
    /// - Precondition: the literal is a path of a tree.
    public init(stringLiteral literal: String) {
        guard let path = TreePath(Bytes(literal.utf8)) else {
            preconditionFailure("'\(literal)' is not a path of a tree")
        }
        self = path
    }
}

extension TreePath: CustomStringConvertible {
    /// Absolute, for messages: `/usr/bin/env`, with odd bytes escaped.
    public var description: String { "/" + String(printable: bytes) }
}

extension TreePath {
    /// Whether it stands in this directory, at whatever depth.
    func isBelow(_ directory: TreePath) -> Bool {
        if directory.isRoot { return !isRoot }
        return bytes.count > directory.bytes.count
            && bytes[directory.bytes.count] == UInt8(ascii: "/")
            && bytes.starts(with: directory.bytes)
    }
}
