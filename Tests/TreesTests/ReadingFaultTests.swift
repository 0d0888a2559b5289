import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

/// Trees that misbehave while they are read: table B2 of docs/faults.md, by a file system that was
/// made for it.
@Suite struct ReadingFaultTests {
    struct Row: Sendable {
        let name: String
        let fault: FaultFileSystem.Fault
        /// What the error says of `tree/bad`.
        let error: String
        /// What is said instead where files may change while they are read.
        var change: TreeError.Change?
    }

    static let rows = [
        Row(
            name: "row30Shrinks", fault: .shrinks,
            error: "cannot add 'tree/bad' to the tree: it shrank while it was read",
            change: .shrank),
        Row(
            name: "row31Grows", fault: .grows,
            error: "cannot add 'tree/bad' to the tree: it grew while it was read", change: .grew),
        Row(
            name: "row31Modified", fault: .modified,
            error: "cannot add 'tree/bad' to the tree: it was written to while it was read",
            change: .modified),
        Row(
            name: "row32ReadsEIO", fault: .readsEIO,
            error: "cannot read 'tree/bad': Input/output error"),
        Row(
            name: "row33Vanishes", fault: .vanishes,
            error: "cannot open 'tree/bad': No such file or directory"),
        Row(
            name: "row34Denied", fault: .denied,
            error: "cannot open 'tree/bad': Permission denied"),
        Row(
            name: "row35ClosedDirectory", fault: .listDenied,
            error: "cannot list the directory 'tree/bad': Permission denied"),
        Row(
            name: "row36NoSize", fault: .noSize,
            error: """
                cannot add 'tree/bad' to the tree: it has more data than its size says (0 bytes), \
                so its file system makes it up as it is read
                  hint: copy it to another file system first, or leave it out with --exclude
                """),
        Row(
            name: "row37StatusEIO", fault: .statusEIO,
            error: "cannot look at 'tree/bad': Input/output error"),
        Row(
            name: "row37XattrEIO", fault: .xattrEIO,
            error: "cannot read the extended attributes of 'tree/bad': Input/output error"),
        Row(
            name: "row37LinkEIO", fault: .linkEIO,
            error: "cannot read the symbolic link 'tree/bad': Input/output error"),
        Row(
            name: "row38ListEIO", fault: .listEIO,
            error: "cannot list the directory 'tree/bad': Input/output error"),
    ]

    @Test func errorsNameTheFile() throws {
        try FaultFileSystem.mounted { faults in
            for row in Self.rows {
                let error = #expect(throws: TreeError.self) {
                    try read(faults, row.fault, mayChange: false)
                }
                #expect(error?.description == row.error, "\(row.name)")
            }
        }
    }

    /// `--allow-changing`: a change is a note, everything else is what it was.
    @Test func changesMayBeAllowed() throws {
        try FaultFileSystem.mounted { faults in
            for row in Self.rows {
                guard let change = row.change else {
                    let error = #expect(throws: TreeError.self) {
                        try read(faults, row.fault, mayChange: true)
                    }
                    #expect(error?.description == row.error, "\(row.name)")
                    continue
                }
                let changes = try read(faults, row.fault, mayChange: true)
                #expect(changes == ["bad": change], "\(row.name)")
            }
        }
    }

    /// What cannot be read can be excluded, also when it cannot be looked at.
    @Test func badFilesCanBeExcluded() throws {
        try FaultFileSystem.mounted { faults in
            for row in Self.rows {
                let layer = try Layer.scan(
                    directory: FilePath(faults.path(row.fault)), name: "tree",
                    options: ScanOptions(excluding: { $0 == "bad" }))
                #expect(layer.entries.map(\.path) == ["", "aaa", "zzz"], "\(row.name)")
                #expect(layer.notes == [.excluded(tree: "tree", count: 1)], "\(row.name)")
                #expect(try readContents(of: layer).isEmpty, "\(row.name)")
            }
        }
    }

    private func read(
        _ faults: FaultFileSystem, _ fault: FaultFileSystem.Fault, mayChange: Bool
    ) throws -> [TreePath: TreeError.Change] {
        let layer = try Layer.scan(
            directory: FilePath(faults.path(fault)), name: "tree",
            options: ScanOptions(mayChange: mayChange))
        return try readContents(of: layer)
    }

    /// The reader for many small files finds what the other one finds.
    @Test func smallFilesAreReadAsSafely() throws {
        try FaultFileSystem.mounted { faults in
            for row in Self.rows {
                for mayChange in [false, true] {
                    guard
                        let layer = try? Layer.scan(  // what cannot be scanned is tested above
                            directory: FilePath(faults.path(row.fault)), name: "tree",
                            options: ScanOptions(mayChange: mayChange))
                    else { continue }
                    let change = mayChange ? row.change : nil
                    let outcome = smallOutcome(of: layer)
                    #expect(outcome == change?.rawValue ?? row.error, "\(row.name)")
                }
            }
        }
    }
}

/// What happened to `bad`, or the error, as text.
private func smallOutcome(of layer: Layer) -> String {
    do {
        return try readSmallContents(of: layer)["bad"]?.rawValue ?? "nothing"
    } catch {
        return "\(error)"
    }
}

/// The same by the reader for small files.
private func readSmallContents(of layer: Layer) throws -> [TreePath: TreeError.Change] {
    var changes: [TreePath: TreeError.Change] = [:]
    var reader = SmallContentReader()
    for entry in layer.entries {
        guard case .regular(let content) = layer.nodes[entry.nodeIndex].kind else { continue }
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Int(content.byteCount) + 1, alignment: 8)
        defer { buffer.deallocate() }
        if let change = try reader.read(content, from: 0, into: buffer) {
            changes[entry.path] = change
        }
    }
    return changes
}

/// Reads every file of a layer to its end, in the layer's order. Returns what changed in between.
func readContents(of layer: Layer) throws -> [TreePath: TreeError.Change] {
    var changes: [TreePath: TreeError.Change] = [:]
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 8)
    defer { buffer.deallocate() }
    for entry in layer.entries {
        guard case .regular(let content) = layer.nodes[entry.nodeIndex].kind else { continue }
        var reader = try ContentReader(content)
        while try reader.read(into: buffer) > 0 {}
        if let change = try reader.finish() { changes[entry.path] = change }
    }
    return changes
}
