public import BakeContract

extension QEMUCommand {
    /// The command as one line for a POSIX shell, redirections included: pasted, it does what
    /// `Launcher.run` does. The program's status line goes to the file `status` in the current
    /// directory.
    ///
    /// `cat` stands before QEMU where the program reads a terminal: QEMU would switch it to raw
    /// mode, and end of input could not be typed.
    public var shellLine: Bytes {
        let words = arguments.map(shellQuoted).joined(separator: [0x20])
        let input = request.isInteractive ? "cat | " : ""
        let redirections =
            (request.isInteractive ? "" : " </dev/null")
            + " \(Channel.stdout.rawValue)>&1 \(Channel.stderr.rawValue)>&2"
            + " \(Channel.status.rawValue)>status"
            + " \(Channel.console.rawValue)>\(request.isVerbose ? "&2" : "/dev/null")"
        return Bytes(input.utf8) + words + Bytes(redirections.utf8)
    }
}
