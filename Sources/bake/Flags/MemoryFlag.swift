internal import BakeContract

/// `-M 512`, `-M 512M`, `-M 2G`: MiB where no unit is named, as rumprun and QEMU have it.
enum MemoryFlag {
    static func mebibytes(_ text: String) throws(CommandFailure) -> Int {
        if let number = Int(text), number > 0 { return number }
        let byteCount = try ByteCountFlag.parse(text, flag: "-M")
        guard byteCount >= 1 << 20 else {
            throw CommandFailure(.usage, "-M \(text) is less than one MiB")
        }
        return byteCount >> 20
    }
}
