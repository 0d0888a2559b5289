internal import Glibc

/// Where messages go: results to stdout, everything else to stderr.
enum Console {
    static func result(_ text: String) {
        write(text + "\n", to: STDOUT_FILENO)
    }

    static func note(_ text: String) {
        ProgressLine.clear()
        write("bake: \(text)\n", to: STDERR_FILENO)
    }

    static func warning(_ text: String) {
        note("warning: \(text)")
    }

    static func error(_ failure: CommandFailure) {
        ProgressLine.clear()
        // What is wrong with a place of a text begins with the place, as compilers have it.
        let isPlaced = failure.message.contains(": error: ")
        var text = (isPlaced ? "" : "bake: error: ") + "\(failure.message)\n"
        if let hint = failure.hint {
            text += "  hint: \(hint)\n"
        }
        write(text, to: STDERR_FILENO)
    }

    /// Writes everything or gives up: a closed pipe has nobody left to tell.
    static func write(_ text: String, to descriptor: Int32) {
        write(Array(text.utf8), to: descriptor)
    }

    static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return }
            written += count
        }
    }
}
