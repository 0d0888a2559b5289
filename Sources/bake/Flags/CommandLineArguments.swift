internal import BakeContract

/// What the user typed, split at the first `--`.
///
/// Flags are text; what follows `--` belongs to the program in the image and is bytes (execve(2)),
/// so it is taken from argv itself and never passes through String.
enum CommandLineArguments {
    /// The arguments of this process as the kernel handed them over, its name included.
    static var ofThisProcess: [[UInt8]] {
        (0..<Int(CommandLine.argc)).compactMap { index in
            CommandLine.unsafeArgv[index].map { pointer in
                Array(UnsafeRawBufferPointer(start: pointer, count: length(of: pointer)))
            }
        }
    }

    /// Before and behind the first `--`, the process's name left out.
    static func split(_ arguments: [[UInt8]]) -> (before: [[UInt8]], behind: [[UInt8]]?) {
        let own = arguments.dropFirst()
        guard let terminator = own.firstIndex(of: Array("--".utf8)) else {
            return (Array(own), nil)
        }
        return (Array(own[..<terminator]), Array(own[(terminator + 1)...]))
    }

    /// The flags as text.
    ///
    /// - Throws: usage, when one is not UTF-8: String would change it without a word.
    static func flags(_ arguments: [[UInt8]]) throws(CommandFailure) -> [String] {
        var flags: [String] = []
        for argument in arguments {
            guard let text = String(validating: argument, as: UTF8.self) else {
                throw CommandFailure(
                    .usage,
                    "the argument '\(String(decoding: argument, as: UTF8.self))' is not UTF-8",
                    hint: "rename the file, or reach it through a link with an UTF-8 name")
            }
            flags.append(text)
        }
        return flags
    }

    /// `--strip N` belongs to the next `-R`, and ArgumentParser forgets in which order flags stood:
    /// `--strip N ... -R TREE` becomes `... -R strip=N:TREE`. What has no `-R` behind it before the
    /// next `--strip`, or no number, is left for the parser to refuse.
    static func foldingStrip(_ flags: [String]) -> [String] {
        var folded: [String] = []
        var open: (typed: [String], count: Int)?
        var rest = flags[...]
        while let flag = rest.popFirst() {
            if let count = stripCount(flag, rest.first) {
                folded += open?.typed ?? []
                open = (flag == "--strip" ? [flag, rest.removeFirst()] : [flag], count)
            } else if let strip = open, let tree = tree(of: flag, &rest) {
                folded += ["-R", "strip=\(strip.count):\(tree)"]
                open = nil
            } else {
                folded.append(flag)
            }
        }
        return folded + (open?.typed ?? [])
    }

    /// The number of a `--strip N` or `--strip=N`; nil for everything else.
    private static func stripCount(_ flag: String, _ next: String?) -> Int? {
        let joined = flag.hasPrefix("--strip=") ? String(flag.dropFirst("--strip=".count)) : nil
        guard let number = (flag == "--strip" ? next : joined).flatMap({ Int($0) }) else {
            return nil
        }
        return number >= 0 ? number : nil
    }

    /// The tree of a `-R`, taken from the rest where it is an argument of its own.
    private static func tree(of flag: String, _ rest: inout ArraySlice<String>) -> String? {
        if flag == "-R" || flag == "--root" { return rest.popFirst() }
        return ["--root=", "-R="].first { flag.hasPrefix($0) }.map {
            String(flag.dropFirst($0.count))
        }
    }

    private static func length(of pointer: UnsafeMutablePointer<CChar>) -> Int {
        var count = 0
        while pointer[count] != 0 { count += 1 }
        return count
    }
}
