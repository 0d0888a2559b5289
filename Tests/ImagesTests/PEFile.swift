import BakeContract

/// A PE file made by hand: what a linker for UEFI could have made.
struct PEFile {
    struct Section {
        var name: String
        var address: UInt32
        var content: Bytes
    }

    var machine: UInt16 = 0x8664
    var sections = [Section(name: ".text", address: 0x1000, content: [0x90])]
    var relocations: UInt32 = 0
    var importAddress: UInt32 = 0

    private static let start = 0x80
    private static let optionalByteCount = 240

    var bytes: Bytes {
        var bytes = Bytes(repeating: 0, count: 0x400)
        func put(_ number: some FixedWidthInteger & UnsignedInteger, _ offset: Int) {
            withUnsafeBytes(of: number.littleEndian) { field in
                bytes.replaceSubrange(offset..<offset + field.count, with: field)
            }
        }
        let optional = Self.start + 24
        put(UInt16(0x5a4d), 0)
        put(UInt32(Self.start), 0x3c)
        put(UInt32(0x4550), Self.start)
        put(machine, Self.start + 4)
        put(UInt16(sections.count), Self.start + 6)
        put(UInt32(0x1234), Self.start + 8)  // a time, to be wiped
        put(UInt16(Self.optionalByteCount), Self.start + 20)
        put(UInt16(0x20b), optional)
        put(UInt32(0x1010), optional + 16)
        put(UInt32(0x1000), optional + 20)
        put(UInt32(0x99), optional + 64)  // a checksum, to be wiped
        put(UInt32(16), optional + 108)
        put(importAddress, optional + 112 + 8)
        put(UInt32(0x777), optional + 112 + 32)  // a certificate table, to be wiped
        put(relocations, optional + 112 + 40)
        for (index, section) in sections.enumerated() {
            let entry = optional + Self.optionalByteCount + 40 * index
            for (position, byte) in section.name.utf8.enumerated() { put(byte, entry + position) }
            put(UInt32(section.content.count), entry + 8)
            put(section.address, entry + 12)
            put(UInt32(512), entry + 16)
            put(UInt32(bytes.count), entry + 20)
            put(UInt32(0x4000_0040), entry + 36)
            bytes += section.content + Bytes(repeating: 0, count: 512 - section.content.count)
        }
        return bytes
    }
}
