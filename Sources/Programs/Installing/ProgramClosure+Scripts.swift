internal import Trees

extension ProgramClosure {
    /// The interpreter of a script, and the program that env(1) would start.
    mutating func bringInterpreter(_ line: ScriptLine, of script: TreePath) throws(TreeError) {
        let name = String(printable: line.interpreter)
        let walk = try PathWalk(line.interpreter, in: tree)
        if let file = walk.file, line.interpreter.first == UInt8(ascii: "/") {
            add(walk, .needed(by: script, how: "#!\(name)"))
            interpreters[script] = file.path
            pending.append(Pending(place: file.path, node: file.node, isAsked: false))
        } else {
            miss(MissingLibrary(name: line.interpreter, neededBy: script, how: "#!"))
        }
        guard let program = line.programOfEnv else { return }
        let hasSlash = program.contains(UInt8(ascii: "/"))
        let found = hasSlash ? try PathWalk(program, in: tree) : try self.program(named: program)
        let how = "#!\(name) \(String(printable: program))"
        if let found, let file = found.file {
            add(found, .needed(by: script, how: how))
            pending.append(Pending(place: file.path, node: file.node, isAsked: false))
        } else {
            miss(
                MissingLibrary(
                    name: program, neededBy: script, how: "#!\(name)",
                    searched: hasSlash ? [] : ProgramDirectories.all))
        }
    }
}
