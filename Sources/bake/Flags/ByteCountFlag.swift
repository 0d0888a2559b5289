internal import BakeContract

/// Sizes as people type them: `4096`, `256K`, `512M`, `2G`, powers of 1024.
enum ByteCountFlag {
    static func parse(_ text: String, flag: String) throws(CommandFailure) -> Int {
        let multipliers: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
        let suffix = text.last.flatMap { multipliers[Character($0.uppercased())] }
        let digits = suffix == nil ? text : String(text.dropLast())
        guard let number = Int(digits), number > 0 else {
            throw CommandFailure(.usage, "\(flag) wants a size such as 512M, not '\(text)'")
        }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: suffix ?? 1)
        guard !overflow else {
            throw CommandFailure(.usage, "\(flag) \(text) is more than this machine can address")
        }
        return bytes
    }
}
