internal import BakeContract
internal import Baking

/// A flag that takes a size: `4096`, `256K`, `512M`, `2G`.
enum ByteCountFlag {
    static func parse(_ text: String, flag: String) throws(CommandFailure) -> Int {
        guard let byteCount = ByteCount.parse(text) else {
            throw CommandFailure(.usage, "\(flag) wants a size such as 512M, not '\(text)'")
        }
        return byteCount
    }
}
