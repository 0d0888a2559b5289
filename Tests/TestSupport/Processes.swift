public import Foundation

/// How a process ended and what it said.
public struct ProcessResult: Sendable {
    /// The exit status; 128 + signal when a signal ended it.
    public let status: Int32
    public let stdout: Data
    public let stderr: Data

    public var stdoutText: String { String(decoding: stdout, as: UTF8.self) }
    public var stderrText: String { String(decoding: stderr, as: UTF8.self) }
}

/// Runs a program and collects its output. Throws when it cannot be started or runs longer than
/// `timeoutSeconds`; then it is killed.
@discardableResult
public func runProcess(
    _ arguments: [String], input: Data = Data(), environment: [String: String] = [:],
    in directory: String? = nil, timeoutSeconds: Double = 300
) throws -> ProcessResult {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    if let directory {
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
    }
    // Files, not pipes: nothing can block, and a descendant that keeps them open does no harm.
    let scratch = try TemporaryDirectory()
    try input.write(to: scratch.url("in"))
    for name in ["out", "err"] {
        try Data().write(to: scratch.url(name))
    }
    let streams = [
        try FileHandle(forReadingFrom: scratch.url("in")),
        try FileHandle(forWritingTo: scratch.url("out")),
        try FileHandle(forWritingTo: scratch.url("err")),
    ]
    // By hand: Foundation keeps a `Process` that has ended, and with it these.
    defer { for stream in streams { try? stream.close() } }
    process.standardInput = streams[0]
    process.standardOutput = streams[1]
    process.standardError = streams[2]
    let ended = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in ended.signal() }
    try process.run()
    let isLate = ended.wait(timeout: .now() + timeoutSeconds) == .timedOut
    if isLate {
        kill(process.processIdentifier, SIGKILL)
        ended.wait()
    }
    let result = ProcessResult(
        status: process.terminationReason == .uncaughtSignal
            ? 128 + process.terminationStatus : process.terminationStatus,
        stdout: try Data(contentsOf: scratch.url("out")),
        stderr: try Data(contentsOf: scratch.url("err")))
    if isLate {
        throw TestFailure(
            "\(arguments.joined(separator: " ")) did not end within \(timeoutSeconds) s:\n"
                + result.stdoutText + result.stderrText)
    }
    return result
}

/// A reason a test cannot go on, in words.
public struct TestFailure: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}
