/// A machine's SMBIOS structures one behind the other, as /sys/firmware/dmi/tables/DMI has them
/// (Linux: `CONFIG_DMI`, Documentation/ABI/testing/sysfs-firmware-dmi-tables).
///
///     offset  bytes  meaning (DMTF DSP0134, 6.1.2 and 6.1.3)
///          0      1  type
///          1      1  length of the formatted part, at least 4
///     length         strings, each with a NUL behind it, and one more NUL; two where there is none
public struct SMBIOSTable: Sendable {
    public var bytes: Bytes

    public init(bytes: Bytes) {
        self.bytes = bytes
    }

    /// The structures of type 11, each with its strings, in their order. Firmware gets tables wrong
    /// in many ways; where one cannot be followed any more it ends, as for the kernel.
    public var oemStrings: [Bytes] {
        var structures: [Bytes] = []
        var start = 0
        while let end = endOfStructure(at: start) {
            if bytes[start] == 11 { structures.append(Bytes(bytes[start..<end])) }
            start = end
        }
        return structures
    }

    private func endOfStructure(at start: Int) -> Int? {
        guard start + 4 <= bytes.count, bytes[start + 1] >= 4 else { return nil }
        var index = start + Int(bytes[start + 1])
        while index + 2 <= bytes.count {
            if bytes[index] == 0, bytes[index + 1] == 0 { return index + 2 }
            index += 1
        }
        return nil
    }
}
