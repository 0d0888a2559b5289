internal import Editing
internal import SystemPackage
internal import Trees

/// What `bake shell` is to do, as typed.
public struct ShellRequest: Sendable, Equatable {
    /// The trees and how they are read and merged; its output is where the changes are saved.
    public var inputs: BakeRequest
    /// A program and its arguments; nil for a shell at the terminal.
    public var program: [[UInt8]]?

    public init(inputs: BakeRequest, program: [[UInt8]]?) {
        self.inputs = inputs
        self.program = program
    }
}

/// What somebody did in `bake shell`, as a value; the command renders it.
public struct ShellReport: Sendable {
    public let changes: TreeChanges
    /// Things the user should know of, each a sentence.
    public let warnings: [String]
    /// Whether the archive was written; it is not where nothing was changed.
    public var isSaved: Bool { !changes.isEmpty }
}

extension Baker {
    /// Runs a shell, or a program, in the tree that a bake of these inputs would have, and saves
    /// what changed as an archive: one more `-R`.
    public func shell(
        _ request: ShellRequest, progress: @escaping @Sendable (BakeProgress) -> Void = { _ in }
    ) async throws(BakeError) -> ShellReport {
        let inputs = request.inputs
        try Self.checkArchiveName(inputs.output)
        let output = try OutputCheck(inputs)
        let plan = try TreePlan(inputs)
        let baked = try await merge(plan, output, progress)
        progress(.editing(number: inputs.edits.count + 1, count: inputs.edits.count + 1))
        let edit = try run(request, in: baked.tree, scratch: output.directory)
        if !edit.changes.isEmpty { try save(edit.layer, to: output.path) }
        return ShellReport(
            changes: TreeChanges(edit.changes),
            warnings: baked.warnings + edit.notes.map(\.description))
    }

    /// Ends the commands of edits that run and removes the copies of trees they run in, for a
    /// command that was interrupted and is about to end. Not to be called inside a signal handler.
    public static func abandonEdits() {
        Edit.abandon()
    }

    // MARK: Details

    private static func checkArchiveName(_ name: String) throws(BakeError) {
        if ArchiveFilter(suffixOf: FilePath(name).lastComponent?.string ?? "") != nil { return }
        throw BakeError(
            .malformedInput, "cannot save to '\(name)': its name is not that of a tar archive",
            hint: "take \(name).tar, or .tar.zst; a directory would lose owners and deletions")
    }

    private func run(
        _ request: ShellRequest, in tree: MergedTree, scratch: FilePath
    ) throws(BakeError) -> Edit {
        do {
            return try Edit.run(
                tree, commands: request.program.map { .argv($0) } ?? .interactive,
                scratch: scratch, number: request.inputs.edits.count + 1,
                ownTime: request.inputs.ownTime)
        } catch {
            throw BakeError(error)
        }
    }

    private func save(_ layer: Layer, to path: FilePath) throws(BakeError) {
        do {
            try layer.save(archive: path)
        } catch {
            throw BakeError(error)
        }
    }
}
