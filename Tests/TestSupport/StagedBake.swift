public import Foundation

/// The command as `make` staged it, with its parts beside it.
public enum StagedBake {
    /// Top of the checkout.
    public static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// Path of a staged file such as `bin/bake`; the test fails and names it when it is missing.
    public static func part(_ name: String) throws -> String {
        let path = "\(repository)/.build/out/\(name)"
        guard FileManager.default.fileExists(atPath: path) else {
            throw TestFailure(".build/out/\(name) is missing: run make first")
        }
        return path
    }

    /// Runs the staged command.
    @discardableResult
    public static func run(
        _ arguments: [String], input: Data = Data(), environment: [String: String] = [:],
        in directory: String? = nil, timeoutSeconds: Double = 300
    ) throws -> ProcessResult {
        try runProcess(
            [try part("bin/bake")] + arguments, input: input, environment: environment,
            in: directory, timeoutSeconds: timeoutSeconds)
    }
}
