import BakeContract

/// The configuration room of the image: two slots that `bake set` writes in turn
/// (docs/image-format.md, *Initramfs, settings, room, blob*).
struct ConfigurationRoom {
    static let slotByteCount = 16384
    private static let textOffset = 64
    private static let digest = 32..<64

    private struct Slot {
        var number: Int
        var sequence: UInt64
        var text: Bytes
        /// What its digest is of: the slot with the digest's field as zeros.
        var digested: Bytes
        var digest: Bytes
    }

    private let slots: [Slot]
    /// Slots that are no slot at all, before any digest.
    private let malformed: [Int]

    init(_ bytes: Bytes) {
        var slots: [Slot] = []
        var malformed: [Int] = []
        for number in 0..<2 {
            let start = number * Self.slotByteCount
            let end = start + Self.slotByteCount
            if end <= bytes.count, let slot = Self.slot(number, Bytes(bytes[start..<end])) {
                slots.append(slot)
            } else {
                malformed.append(number)
            }
        }
        self.slots = slots
        self.malformed = malformed
    }

    private static func slot(_ number: Int, _ bytes: Bytes) -> Slot? {
        let byteCount = Int(littleEndian(bytes[16..<20]))
        guard bytes.starts(with: "BAKESLOT".bytes), byteCount <= slotByteCount - textOffset else {
            return nil
        }
        var digested = bytes
        for index in digest { digested[index] = 0 }
        return Slot(
            number: number, sequence: littleEndian(bytes[8..<16]),
            text: Bytes(bytes[textOffset..<textOffset + byteCount]), digested: digested,
            digest: Bytes(bytes[digest]))
    }

    private static func littleEndian(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The merge patch in the valid slot with the highest number, and the slots that are damaged:
    /// an interrupted `bake set` leaves one, and the other counts.
    func current(
        sha256: (Bytes) throws(Errno) -> Bytes
    ) throws(Errno) -> (patch: Bytes?, damagedSlots: [Int]) {
        var damaged = malformed
        var best: Slot?
        for slot in slots {
            guard try sha256(slot.digested) == slot.digest else {
                damaged.append(slot.number)
                continue
            }
            if slot.sequence >= best?.sequence ?? 0 { best = slot }
        }
        return (best?.text, damaged.sorted())
    }
}
