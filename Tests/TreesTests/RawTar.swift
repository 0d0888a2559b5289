import Trees

/// Tar archives byte by byte: what no tar program would write.
enum RawTar {
    static let end = Bytes(repeating: 0, count: 1024)

    static func header(
        _ name: Bytes, type: Character = "0", size: UInt64 = 0, link: Bytes = [],
        mode: Bytes = Bytes("0000644".utf8), uid: Bytes = Bytes("0000000".utf8),
        mtime: Bytes = Bytes("00000000000".utf8), magic: String = "ustar\0" + "00",
        device: (Bytes, Bytes)? = nil
    ) -> Bytes {
        var block = Bytes(repeating: 0, count: 512)
        func put(_ bytes: some Collection<UInt8>, _ offset: Int) {
            block.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
        }
        put(name.prefix(100), 0)
        put(mode, 100)
        put(uid, 108)
        put(Bytes("0000000".utf8), 116)
        let digits = Bytes(String(size, radix: 8).utf8)
        put(Bytes(repeating: UInt8(ascii: "0"), count: 11 - digits.count) + digits, 124)
        put(mtime, 136)
        put([type.asciiValue!], 156)
        put(link.prefix(100), 157)
        put(Bytes(magic.utf8), 257)
        if let device {
            put(device.0, 329)
            put(device.1, 337)
        }
        return sealed(block)
    }

    static func sealed(_ block: Bytes) -> Bytes {
        var block = block
        block.replaceSubrange(148..<156, with: Bytes(repeating: 32, count: 8))
        let sum = block.reduce(0) { $0 + Int($1) }
        let digits = Bytes(String(sum, radix: 8).utf8)
        let field = Bytes(repeating: UInt8(ascii: "0"), count: 6 - digits.count) + digits
        block.replaceSubrange(148..<156, with: field + [0, 32])
        return block
    }

    static func file(_ name: String, _ content: String = "") -> Bytes {
        header(Bytes(name.utf8), size: UInt64(content.utf8.count)) + padded(Bytes(content.utf8))
    }

    static func directory(_ name: String) -> Bytes {
        header(Bytes(name.utf8), type: "5", mode: Bytes("0000755".utf8))
    }

    static func link(_ name: String, to target: String, type: Character = "2") -> Bytes {
        header(Bytes(name.utf8), type: type, link: Bytes(target.utf8))
    }

    static func hardLink(_ name: String, to target: String) -> Bytes {
        link(name, to: target, type: "1")
    }

    static func pax(_ records: KeyValuePairs<String, Bytes>, type: Character = "x") -> Bytes {
        raw(records.flatMap { record(Bytes($0.utf8), $1) }, type: type)
    }

    static func raw(_ data: Bytes, type: Character) -> Bytes {
        header(Bytes("PaxHeaders".utf8), type: type, size: UInt64(data.count)) + padded(data)
    }

    private static func record(_ key: Bytes, _ value: Bytes) -> Bytes {
        let rest = key.count + value.count + 3
        var length = rest + 1
        while String(length).utf8.count + rest != length {
            length = String(length).utf8.count + rest
        }
        return Bytes("\(length) ".utf8) + key + [UInt8(ascii: "=")] + value + [10]
    }

    static func padded(_ bytes: Bytes) -> Bytes {
        bytes + Bytes(repeating: 0, count: (512 - bytes.count % 512) % 512)
    }
}
