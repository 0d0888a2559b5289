public import BakeContract

/// What the boot stub must know about the file it stands in. Little-endian, inside the stub,
/// filled in by the writer.
///
///     offset  bytes  meaning
///          0      8  magic BAKEBOOT
///          8      4  format version
///         12      4  flags: bit 0, the blob may be left in place as persistent memory
///         16      8  payload length in bytes
///         24   5x16  manifest, command line, kernel, ramdisk, blob: payload offset, byte count
///        104      8  bytes from the initramfs to the end of the blob's trailer
///        112   2x8   smallest RAM in bytes, blob left in place; blob unpacked as a ramdisk
///
/// Layout: docs/image-format.md, *Boot record*. Read by BootStub.
public struct BootRecord: Equatable, Sendable {
    /// Where the record stands, from the end of the setup area.
    public static let payloadOffset = 0x40
    public static let byteCount = 0x80
    public static let formatVersion: UInt32 = 1

    public var leavesBlobInPlace: Bool
    public var payloadByteCount: Int
    // Payload offsets, in bytes.
    public var manifest: Range<Int>
    /// The baked kernel command line without the NUL behind it.
    public var commandLine: Range<Int>
    public var kernel: Range<Int>
    /// Initramfs, settings and room: what the kernel gets where the blob stays in place.
    public var ramdisk: Range<Int>
    public var blob: Range<Int>
    /// From the initramfs to the end of the blob's trailer: what the kernel gets elsewhere.
    public var fullRamdiskByteCount: Int
    /// Smallest RAM with which the image boots with the blob left in place.
    public var inPlaceMemoryByteCount: Int
    /// Smallest RAM with which the image boots with the blob unpacked as a ramdisk.
    public var ramdiskMemoryByteCount: Int

    public init(
        leavesBlobInPlace: Bool, payloadByteCount: Int, manifest: Range<Int>,
        commandLine: Range<Int>, kernel: Range<Int>, ramdisk: Range<Int>, blob: Range<Int>,
        fullRamdiskByteCount: Int, inPlaceMemoryByteCount: Int, ramdiskMemoryByteCount: Int
    ) {
        self.leavesBlobInPlace = leavesBlobInPlace
        self.payloadByteCount = payloadByteCount
        self.manifest = manifest
        self.commandLine = commandLine
        self.kernel = kernel
        self.ramdisk = ramdisk
        self.blob = blob
        self.fullRamdiskByteCount = fullRamdiskByteCount
        self.inPlaceMemoryByteCount = inPlaceMemoryByteCount
        self.ramdiskMemoryByteCount = ramdiskMemoryByteCount
    }
}

extension BootRecord {
    private static let magic = Array("BAKEBOOT".utf8)

    /// Exactly `byteCount` bytes.
    public func encoded() -> Bytes {
        var bytes = Self.magic
        bytes.append(littleEndian: Self.formatVersion)
        bytes.append(littleEndian: UInt32(leavesBlobInPlace ? 1 : 0))
        bytes.append(littleEndian: UInt64(payloadByteCount))
        for range in [manifest, commandLine, kernel, ramdisk, blob] {
            bytes.append(littleEndian: UInt64(range.lowerBound))
            bytes.append(littleEndian: UInt64(range.count))
        }
        for number in [fullRamdiskByteCount, inPlaceMemoryByteCount, ramdiskMemoryByteCount] {
            bytes.append(littleEndian: UInt64(number))
        }
        return bytes
    }

    /// Reads a record written by anybody: every range lies inside the payload afterwards, whose
    /// own length the caller compares with the file's.
    public init(decoding bytes: Bytes) throws(ImageError) {
        guard bytes.count >= Self.byteCount else {
            throw .malformed(
                part: .stub,
                flaw: .truncated(byteCount: bytes.count, neededByteCount: Self.byteCount))
        }
        guard bytes.starts(with: Self.magic) else {
            throw .malformed(part: .stub, flaw: .wrongMagic)
        }
        var fields = FieldReader(bytes: bytes, offset: 8)
        let version = try fields.number(UInt32.self)
        guard version == Self.formatVersion else {
            throw .malformed(part: .stub, flaw: .unsupportedVersion(UInt64(version)))
        }
        let flags = try fields.number(UInt32.self)
        guard flags <= 1 else { throw .malformed(part: .stub, flaw: .badField("flags")) }
        self.leavesBlobInPlace = flags == 1
        self.payloadByteCount = try fields.count("payload length")
        self.manifest = try fields.range("manifest", in: payloadByteCount)
        self.commandLine = try fields.range("command line", in: payloadByteCount)
        self.kernel = try fields.range("kernel", in: payloadByteCount)
        self.ramdisk = try fields.range("ramdisk", in: payloadByteCount)
        self.blob = try fields.range("blob", in: payloadByteCount)
        self.fullRamdiskByteCount = try fields.count("full ramdisk length")
        self.inPlaceMemoryByteCount = try fields.count("memory in place")
        self.ramdiskMemoryByteCount = try fields.count("memory as a ramdisk")
        guard fullRamdiskByteCount <= payloadByteCount - ramdisk.lowerBound else {
            throw .malformed(part: .stub, flaw: .badField("full ramdisk length"))
        }
    }
}

/// Takes the record's fields one after another.
private struct FieldReader {
    let bytes: Bytes
    var offset: Int

    mutating func number<Number: FixedWidthInteger & UnsignedInteger>(
        _ type: Number.Type
    ) throws(ImageError) -> Number {
        guard let number = bytes.littleEndian(type, at: offset) else {
            throw .malformed(
                part: .stub,
                flaw: .truncated(byteCount: bytes.count, neededByteCount: BootRecord.byteCount))
        }
        offset += MemoryLayout<Number>.size
        return number
    }

    mutating func count(_ name: String) throws(ImageError) -> Int {
        let count = try number(UInt64.self)
        guard count <= ByteLimit.offset else {
            throw .malformed(part: .stub, flaw: .badField(name))
        }
        return Int(count)
    }

    mutating func range(_ name: String, in limit: Int) throws(ImageError) -> Range<Int> {
        let start = try count(name)
        let length = try count(name)
        guard start <= limit, length <= limit - start else {
            throw .malformed(part: .stub, flaw: .outside(range: name, limitByteCount: limit))
        }
        return start..<start + length
    }
}
