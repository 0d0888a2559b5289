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

    private static func length(of pointer: UnsafeMutablePointer<CChar>) -> Int {
        var count = 0
        while pointer[count] != 0 { count += 1 }
        return count
    }
}
