internal import Trees

extension ProgramClosure {
    /// The interpreter of a script, and the program that env(1) would start.
    ///
    /// Of a script that somebody named they must be there. Directories of libraries hold scripts
    /// for interpreters that nobody has (Python's cgi.py begins with /usr/local/bin/python): what
    /// cannot run here either need not run in the image.
    mutating func bringInterpreter(_ line: ScriptLine, of script: Pending) throws(TreeError) {
        let name = String(printable: line.interpreter)
        let walk = try PathWalk(line.interpreter, in: tree)
        if let file = walk.file, line.interpreter.first == UInt8(ascii: "/") {
            add(walk, .needed(by: script.place, how: "#!\(name)"))
            interpreters[script.place] = file.path
            pending.append(Pending(place: file.path, node: file.node, isAsked: script.isAsked))
        } else {
            miss(
                MissingLibrary(name: line.interpreter, neededBy: script.place, how: "#!"),
                isFatal: script.isAsked)
        }
        guard let program = line.programOfEnv else { return }
        let hasSlash = program.contains(UInt8(ascii: "/"))
        let found = hasSlash ? try PathWalk(program, in: tree) : try self.program(named: program)
        let how = "#!\(name) \(String(printable: program))"
        if let found, let file = found.file {
            add(found, .needed(by: script.place, how: how))
            pending.append(Pending(place: file.path, node: file.node, isAsked: script.isAsked))
        } else {
            miss(
                MissingLibrary(
                    name: program, neededBy: script.place, how: "#!\(name)",
                    searched: hasSlash ? [] : ProgramDirectories.all),
                isFatal: script.isAsked)
        }
    }
}
