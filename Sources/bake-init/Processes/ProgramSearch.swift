import BakeContract

/// The places execvp(3) would look for a program: the name itself when it has a slash, else every
/// directory of PATH (an empty one is the working directory).
func candidatePaths(for program: Bytes, searchPath: Bytes) -> [Bytes] {
    let slash = UInt8(ascii: "/")
    if program.contains(slash) { return [program] }
    return searchPath.split(at: UInt8(ascii: ":")).map { directory in
        directory.isEmpty ? program : directory + [slash] + program
    }
}

/// A path against the directory it is relative to.
func absolute(_ path: Bytes, from directory: Bytes) -> Bytes {
    let slash = UInt8(ascii: "/")
    if path.first == slash { return path }
    return directory + (directory.last == slash ? [] : [slash]) + path
}
