internal import ArgumentParser

/// Runs a parsed command, whichever of ArgumentParser's two kinds it is.
enum Invocation {
    static func run(_ parsed: any ParsableCommand) async throws {
        var command = parsed
        if var asynchronous = command as? any AsyncParsableCommand {
            try await asynchronous.run()
        } else {
            try command.run()
        }
    }
}
