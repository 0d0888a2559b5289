internal import Glibc
public import SystemPackage
public import Trees

/// Commands that somebody ran in a tree, and what they made of it.
public struct Edit: Sendable {
    public enum Commands: Sendable, Equatable {
        /// For `/bin/sh -c`. Standard input is empty.
        case shellText(Bytes)
        /// A program and its arguments, with our standard input.
        case argv([Bytes])
        /// A shell for the user at the terminal. Whatever its status, what was done counts: it is
        /// that of the last command typed.
        case interactive
    }

    /// What was added and changed, over whiteouts of what was removed. Empty where nothing was.
    public let layer: Layer
    public let changes: EditChanges
    public let notes: [EditNote]

    /// Runs commands in a copy of the tree and returns the difference. The copy is gone
    /// afterwards; contents the commands wrote stand in a nameless file.
    ///
    /// - Parameters:
    ///   - scratch: a directory with room for the whole tree; nothing is left in it.
    ///   - number: which edit of this bake it is, from 1; names the layer.
    ///   - ownTime: seconds since 1970, for what got its time from the clock while the commands
    ///     ran: the same edit on another day gives the same layer.
    public static func run(
        _ tree: MergedTree, commands: Commands, scratch: FilePath, number: Int = 1,
        ownTime: Int64 = 0
    ) throws(EditError) -> Edit {
        var workshop = try Workshop(in: scratch, number: number)
        var notes = try workshop.write(tree)
        let (confinement, obstacles) = try Confinement.find(for: workshop)
        notes += obstacles
        let before = try workshop.snapshot(leaving: .kept)
        let clock = try workshop.time()
        try confinement.run(commands, in: workshop, ownTime: ownTime)
        let window = clock...max(clock, try workshop.time())
        let foreign = try confinement.openForeignFiles(in: workshop)
        let after = try workshop.snapshot(leaving: .opened).withPermissions(foreign)
        var comparison = try Comparison(
            of: tree, before, after, confinement, window: window, ownTime: ownTime,
            layerName: workshop.name, scratch: scratch)
        try comparison.run()
        try confinement.remove(workshop)
        return Edit(
            layer: comparison.finishedLayer, changes: comparison.changes,
            notes: notes + comparison.notes)
    }

    /// Ends what runs and removes the copies, for a command that was interrupted and is about to
    /// end. `run` does not return any more. Not to be called inside a signal handler.
    public static func abandon() {
        RunningCommand.stop()
        ScratchDirectory.removeUnfinished()
        RunningCommand.cleanUp()
    }
}
