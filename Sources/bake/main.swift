internal import ArgumentParser
internal import BakeContract
internal import Glibc

// The command: read what was typed, do it, say what failed, and end with a documented status.

signal(SIGPIPE, SIG_IGN)
do {
    let typed = CommandLineArguments.split(CommandLineArguments.ofThisProcess)
    let flags = try CommandLineArguments.flags(typed.before)
    do {
        try await Invocation.run(BakeCommand.parseAsRoot(flags))
    } catch let failure as CommandFailure {
        throw failure
    } catch {
        // Help, the version, and ArgumentParser's own complaints, with its statuses (0 and 64).
        BakeCommand.exit(withError: error)
    }
} catch let failure as CommandFailure {
    Console.error(failure)
    exit(failure.status.rawValue)
}
