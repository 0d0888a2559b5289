internal import Subprocess
public import SystemPackage

/// What a finished tool left behind.
public struct ToolResult: Sendable {
    /// Exit status; 128 + signal when a signal ended it.
    public let status: Int
    /// Standard output.
    public let output: String
    /// Standard error, with the tool's own explanations.
    public let messages: String

    public init(status: Int, output: String, messages: String) {
        self.status = status
        self.output = output
        self.messages = messages
    }

    /// The line that says why it failed: apt's first about a file it could not get, else its
    /// first error (`E:`), else the last line.
    public var complaint: String {
        let lines = messages.split(separator: "\n")
        let best =
            lines.first { $0.contains("Failed to fetch") } ?? lines.first { $0.hasPrefix("E: ") }
            ?? lines.last ?? "no message"
        let isMarked = best.hasPrefix("E: ") || best.hasPrefix("W: ")
        return String(isMarked ? best.dropFirst(3) : best)
    }

    public var mentionsFullDisk: Bool {
        (messages + output).contains("No space left on device")
            || messages.contains("You don't have enough free space")
    }
}

/// A tool that gave no result.
public enum ToolError: Error, Equatable, Sendable {
    case notInstalled(name: String)
    case notRun(name: String, detail: String)
}

/// What a tool may say on each of its streams, in bytes.
private let limitByteCount = 64 << 20

/// Runs a tool of the PATH to its end, in the C locale, without standard input.
public func runTool(
    _ name: String, _ arguments: [String], in directory: FilePath? = nil,
    environment: [String: String] = [:]
) async throws(ToolError) -> ToolResult {
    do {
        let result = try await run(
            .name(name), arguments: Arguments(arguments),
            environment: cLocale(with: environment), workingDirectory: directory,
            output: .string(limit: limitByteCount), error: .string(limit: limitByteCount))
        return ToolResult(
            status: result.terminationStatus.number, output: result.standardOutput,
            messages: result.standardError)
    } catch {
        throw toolError(name, error)
    }
}

/// The same for a tool that takes long: `onMessage` is given each line of standard error as it is
/// written, and standard input is open, without a byte to read, for as long as this process lives.
/// The tool, or a shell around it, can so learn that nobody waits for it any more, whatever ended
/// us. Its standard output is not kept.
public func runTool(
    _ name: String, _ arguments: [String], in directory: FilePath? = nil,
    environment: [String: String] = [:], onMessage: (String) -> Void
) async throws(ToolError) -> ToolResult {
    do {
        let result = try await run(
            .name(name), arguments: Arguments(arguments),
            environment: cLocale(with: environment), workingDirectory: directory,
            input: .inputWriter, output: .discarded, error: .sequence
        ) { execution in
            var messages = ""
            for try await line in execution.standardError.strings() {
                onMessage(line)
                messages += line + "\n"
            }
            try await execution.standardInputWriter.finish()
            return messages
        }
        return ToolResult(
            status: result.terminationStatus.number, output: "", messages: result.closureResult)
    } catch {
        throw toolError(name, error)
    }
}

private func cLocale(with variables: [String: String]) -> Environment {
    var changes: [Environment.Key: String?] = ["LC_ALL": "C"]
    for (name, value) in variables {
        if let key = Environment.Key(rawValue: name) { changes[key] = value }
    }
    return .inherit.updating(changes)
}

private func toolError(_ name: String, _ error: any Error) -> ToolError {
    if let error = error as? SubprocessError, error.code == .executableNotFound {
        return .notInstalled(name: name)
    }
    return .notRun(name: name, detail: String(describing: error))
}

extension TerminationStatus {
    fileprivate var number: Int {
        switch self {
        case .exited(let code): Int(code)
        case .signaled(let signal): 128 + Int(signal)
        }
    }
}
