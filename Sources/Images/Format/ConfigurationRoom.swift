public import BakeContract

/// The part of an image that can be rewritten in place: a JSON merge patch (RFC 7396) over the
/// baked configuration, in one of two slots, so that a write that is cut short leaves the
/// other one valid. The member `bake/room` of an archive of its own, never compressed.
///
///     offset  bytes  meaning
///          0      8  magic BAKESLOT
///          8      8  sequence number; the valid slot with the highest one counts
///         16      4  length of the text in bytes
///         20     12  zeros
///         32     32  SHA-256 of the slot with this field as zeros
///         64         the text, then zeros
///
/// Layout: docs/image-format.md, *Initramfs, settings, room, blob*. Read by bake-init too.
public struct ConfigurationRoom: Equatable, Sendable {
    public static let slotByteCount = 16384
    public static let slotCount = 2
    /// The longest patch a slot takes.
    public static let textLimitByteCount = slotByteCount - textOffset
    /// The whole part: a page that ends with the member's header, the slots, a page that begins
    /// with the trailer.
    public static let archiveByteCount = slotsOffset + slotCount * slotByteCount + pageByteCount
    /// Where the first slot stands in the part.
    static let slotsOffset = pageByteCount
    static let pageByteCount = 4096
    private static let textOffset = 64

    public struct Slot: Equatable, Sendable {
        public var sequenceNumber: UInt64
        /// JSON text.
        public var text: Bytes

        public init(sequenceNumber: UInt64, text: Bytes) {
            self.sequenceNumber = sequenceNumber
            self.text = text
        }
    }

    /// Exactly `slotCount`; nil for a slot that is not valid.
    public var slots: [Slot?]

    public init(slots: [Slot?]) {
        precondition(slots.count == Self.slotCount)
        self.slots = slots
    }

    /// The room of a new image: an empty patch twice.
    public static let empty = ConfigurationRoom(slots: [
        Slot(sequenceNumber: 1, text: Array("{}".utf8)),
        Slot(sequenceNumber: 0, text: Array("{}".utf8)),
    ])
}

extension ConfigurationRoom {
    /// The slot that counts, and which one it is. Nil when both are damaged.
    public var current: (index: Int, slot: Slot)? {
        var best: (index: Int, slot: Slot)?
        for (index, slot) in slots.enumerated() {
            guard let slot else { continue }
            if let known = best, known.slot.sequenceNumber >= slot.sequenceNumber { continue }
            best = (index, slot)
        }
        return best
    }

    /// The whole part, as it stands in the file.
    public func archive() throws(ImageError) -> Bytes {
        var bytes = try Self.archiveHead()
        for slot in slots {
            guard let slot else { throw .malformed(part: .room, flaw: .badField("slot")) }
            bytes += try slot.encoded()
        }
        return bytes + (try Self.archiveTail())
    }

    /// Reads the whole part. A damaged slot becomes nil; that both may be is for the caller to
    /// judge. The bytes around the slots are not looked at: `archiveHead` and `archiveTail` say
    /// what they must be.
    public init(archive: Bytes) throws(ImageError) {
        guard archive.count == Self.archiveByteCount else {
            throw .malformed(
                part: .room,
                flaw: .truncated(
                    byteCount: archive.count, neededByteCount: Self.archiveByteCount))
        }
        self.slots = (0..<Self.slotCount).map { index in
            Slot(decoding: Array(archive[Self.slotRange(index)]))
        }
    }

    /// Where a slot stands in the part.
    public static func slotRange(_ index: Int) -> Range<Int> {
        let start = slotsOffset + index * slotByteCount
        return start..<start + slotByteCount
    }

    /// What stands before the slots: the same bytes in every image.
    static func archiveHead() throws(ImageError) -> Bytes {
        try NewcHeader.file("bake/room", contentByteCount: slotCount * slotByteCount)
            .encodedEnding(atMultipleOf: pageByteCount)
    }

    /// What stands behind the slots: the same bytes in every image.
    static func archiveTail() throws(ImageError) -> Bytes {
        var tail = try NewcHeader.trailer.encoded(inode: 0)
        tail.pad(toMultipleOf: pageByteCount)
        return tail
    }
}

extension ConfigurationRoom.Slot {
    private static let magic = Array("BAKESLOT".utf8)
    private static let digestRange = 32..<64
    private static let textOffset = 64

    /// Exactly `slotByteCount` bytes.
    public func encoded() throws(ImageError) -> Bytes {
        guard text.count <= ConfigurationRoom.textLimitByteCount else {
            throw .patchTooLong(
                byteCount: text.count, limitByteCount: ConfigurationRoom.textLimitByteCount)
        }
        var bytes = Self.magic
        bytes.append(littleEndian: sequenceNumber)
        bytes.append(littleEndian: UInt32(text.count))
        bytes.pad(toMultipleOf: Self.textOffset)
        bytes += text
        bytes.pad(toMultipleOf: ConfigurationRoom.slotByteCount)
        bytes.replaceSubrange(Self.digestRange, with: ContentDigest.of(bytes).bytes)
        return bytes
    }

    /// Nil for a slot that is not exactly as written: magic, digest and padding are checked.
    public init?(decoding bytes: Bytes) {
        guard bytes.count == ConfigurationRoom.slotByteCount, bytes.starts(with: Self.magic),
            let sequenceNumber = bytes.littleEndian(UInt64.self, at: 8),
            let textByteCount = bytes.littleEndian(UInt32.self, at: 16),
            Int(textByteCount) <= ConfigurationRoom.textLimitByteCount
        else { return nil }
        var undigested = bytes
        undigested.replaceSubrange(
            Self.digestRange, with: repeatElement(0, count: Self.digestRange.count))
        guard ContentDigest.of(undigested).bytes == Array(bytes[Self.digestRange]) else {
            return nil
        }
        self.sequenceNumber = sequenceNumber
        self.text = Array(bytes[Self.textOffset..<Self.textOffset + Int(textByteCount)])
    }
}
