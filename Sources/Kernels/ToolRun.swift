internal import Subprocess
internal import SystemPackage

/// What a finished tool left behind.
struct ToolResult {
    /// Exit status; 128 + signal when a signal ended it.
    let status: Int
    /// Standard output.
    let output: String
    /// Standard error, with the tool's own explanations.
    let messages: String

    /// The line that says why it failed: apt's first about a file it could not get, else its
    /// first error (`E:`), else the last line.
    var complaint: String {
        let lines = messages.split(separator: "\n")
        let best =
            lines.first { $0.contains("Failed to fetch") } ?? lines.first { $0.hasPrefix("E: ") }
            ?? lines.last ?? "no message"
        let isMarked = best.hasPrefix("E: ") || best.hasPrefix("W: ")
        return String(isMarked ? best.dropFirst(3) : best)
    }
}

/// Runs a tool of the PATH to its end, in the C locale, without standard input. `package` is the
/// Debian package to name when the tool is missing.
func runTool(
    _ name: String, of package: String, _ arguments: [String], in directory: FilePath? = nil,
    environment: [String: String] = [:]
) async throws(KernelsError) -> ToolResult {
    let limitByteCount = 16 << 20
    var variables: [Environment.Key: String?] = ["LC_ALL": "C"]
    for (name, value) in environment {
        if let key = Environment.Key(rawValue: name) { variables[key] = value }
    }
    do {
        let result = try await run(
            .name(name), arguments: Arguments(arguments),
            environment: .inherit.updating(variables), workingDirectory: directory,
            output: .string(limit: limitByteCount), error: .string(limit: limitByteCount))
        return ToolResult(
            status: result.terminationStatus.number, output: result.standardOutput,
            messages: result.standardError)
    } catch let error as SubprocessError where error.code == .executableNotFound {
        throw .toolMissing(name: name, package: package)
    } catch {
        throw .fetchFailed(
            package: package,
            reason: .toolFailed(tool: name, status: -1, detail: String(describing: error)))
    }
}

extension TerminationStatus {
    fileprivate var number: Int {
        switch self {
        case .exited(let code): Int(code)
        case .signaled(let signal): 128 + Int(signal)
        }
    }
}
