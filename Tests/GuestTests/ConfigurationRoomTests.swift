import BakeContract
import Testing

@testable import bake_init

@Suite struct ConfigurationRoomTests {
    /// Not SHA-256, but as sensitive: a sum over places.
    private func digest(_ bytes: Bytes) throws(Errno) -> Bytes {
        var sum: UInt64 = 0
        for (index, byte) in bytes.enumerated() { sum = sum &* 31 &+ UInt64(byte) &+ UInt64(index) }
        return (0..<32).map { UInt8(truncatingIfNeeded: sum >> UInt64($0 % 8 * 8)) }
    }

    private func slot(_ sequence: UInt8, _ text: String) throws -> Bytes {
        var slot = Bytes(repeating: 0, count: 16384)
        slot.replaceSubrange(0..<8, with: "BAKESLOT".bytes)
        slot[8] = sequence
        slot[16] = UInt8(text.utf8.count)
        slot.replaceSubrange(64..<64 + text.utf8.count, with: text.bytes)
        slot.replaceSubrange(32..<64, with: try digest(slot))
        return slot
    }

    @Test func theHigherNumberCounts() throws {
        let room = ConfigurationRoom(try slot(1, "{}") + slot(2, #"{"a":1}"#))
        let current = try room.current(sha256: digest)
        #expect(current.patch == #"{"a":1}"#.bytes)
        #expect(current.damagedSlots == [])
    }

    @Test func aSlotCutShortByAnInterruptionIsSkipped() throws {
        var damaged = try slot(9, #"{"a":1}"#)
        damaged[70] ^= 1
        let current = try ConfigurationRoom(damaged + slot(1, "{}")).current(sha256: digest)
        #expect(current.patch == "{}".bytes)
        #expect(current.damagedSlots == [0])
    }

    @Test(arguments: [0, 8, 16, 32, 63, 64, 16383])
    func everyByteOfASlotCounts(place: Int) throws {
        var damaged = try slot(9, #"{"a":1}"#)
        damaged[place] ^= 0x10
        let current = try ConfigurationRoom(damaged + damaged).current(sha256: digest)
        #expect(current.patch == nil)
        #expect(current.damagedSlots == [0, 1])
    }

    @Test(arguments: [0, 100, 16384, 20000])
    func aRoomThatIsTooShortHasNoSecondSlot(byteCount: Int) throws {
        let whole = try slot(1, "{}") + slot(0, "{}")
        let current = try ConfigurationRoom(Bytes(whole.prefix(byteCount))).current(sha256: digest)
        #expect(current.patch == (byteCount >= 16384 ? "{}".bytes : nil))
        #expect(current.damagedSlots.contains(1))
    }

    @Test func aLengthBeyondTheSlotIsNoSlot() throws {
        var damaged = try slot(1, "{}")
        damaged.replaceSubrange(16..<20, with: [0xc1, 0x3f, 0, 0])
        damaged.replaceSubrange(32..<64, with: Bytes(repeating: 0, count: 32))
        damaged.replaceSubrange(32..<64, with: try digest(damaged))
        #expect(try ConfigurationRoom(damaged).current(sha256: digest).patch == nil)
    }
}
