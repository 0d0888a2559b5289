internal import ArgumentParser
internal import BakeContract
internal import Dispatch
internal import Glibc

// The command: read what was typed, do it, say what failed, and end with a documented status.

signal(SIGPIPE, SIG_IGN)
HeapSettings.apply()
// A file that grows too long for this process (setrlimit(2), RLIMIT_FSIZE) is an error to report.
signal(SIGXFSZ, SIG_IGN)
if let failure = AddressSpace.shortage {
    Console.error(failure)
    exit(failure.status.rawValue)
}
Task { await runCommand() }
dispatchMain()

func runCommand() async -> Never {
    do throws(CommandFailure) {
        let typed = CommandLineArguments.split(CommandLineArguments.ofThisProcess)
        let flags = CommandLineArguments.foldingStrip(
            try CommandLineArguments.flags(typed.before))
        do {
            try await Invocation.run(BakeCommand.parseAsRoot(flags))
        } catch let failure as CommandFailure {
            throw failure
        } catch let status as ExitCode {
            exit(status.rawValue)
        } catch {
            // Help, the version, and ArgumentParser's own complaints, with its statuses (0 and 64).
            let isUsage = BakeCommand.exitCode(for: error) == .validationFailure
            guard isUsage, flags.first == RunCommand.configuration.commandName else {
                BakeCommand.exit(withError: error)
            }
            Console.write(BakeCommand.fullMessage(for: error) + "\n", to: STDERR_FILENO)
            exit(ExitStatus.launch.rawValue)
        }
    } catch {
        Console.error(error)
        exit(error.status.rawValue)
    }
    exit(ExitStatus.done.rawValue)
}
