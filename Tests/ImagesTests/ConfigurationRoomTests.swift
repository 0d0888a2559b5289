import BakeContract
import Images
import Testing

@Suite struct ConfigurationRoomTests {
    @Test func aNewRoomHoldsAnEmptyPatch() throws {
        let room = try ConfigurationRoom(archive: ConfigurationRoom.empty.archive())
        #expect(room == .empty)
        #expect(room.current?.index == 0)
        #expect(room.current?.slot.text == Array("{}".utf8))
    }

    @Test func theArchiveIsAlignedAndTheKernelCanReadIt() throws {
        let archive = try ConfigurationRoom.empty.archive()
        #expect(archive.count == 4096 + 2 * 16384 + 4096)
        let members = try NewcArchive.members(in: archive, of: .room)
        #expect(members.map(\.header.name) == [Array("bake/room".utf8)])
        #expect(members.map(\.content) == [4096..<4096 + 2 * 16384])
    }

    @Test(
        arguments: [
            // What each slot has for a sequence number, nil for damaged; which one counts.
            ([1, 0], 0), ([1, 2], 1), ([7, 6], 0), ([nil, 0], 1), ([3, nil], 0), ([4, 4], 0),
            ([nil, nil], nil),
        ] as [([UInt64?], Int?)])
    func theHighestValidSlotCounts(numbers: [UInt64?], expected: Int?) {
        let room = ConfigurationRoom(
            slots: numbers.map { number in
                number.map { ConfigurationRoom.Slot(sequenceNumber: $0, text: []) }
            })
        #expect(room.current?.index == expected)
    }

    @Test func anyFlippedBitOfASlotMakesItInvalid() throws {
        let slot = ConfigurationRoom.Slot(sequenceNumber: 9, text: Array(#"{"a":1}"#.utf8))
        let bytes = try slot.encoded()
        #expect(ConfigurationRoom.Slot(decoding: bytes) == slot)
        // Every bit of the fields and the text, and one in each later stretch of padding.
        for offset in Array(0..<80) + Array(stride(from: 80, to: bytes.count, by: 97)) {
            var damaged = bytes
            damaged[offset] ^= 1 << UInt8(offset % 8)
            #expect(ConfigurationRoom.Slot(decoding: damaged) == nil, "byte \(offset)")
        }
    }

    @Test func takesTextUpToTheLimit() throws {
        let full = ConfigurationRoom.Slot(
            sequenceNumber: 2, text: Bytes(repeating: 0x20, count: 16320))
        #expect(ConfigurationRoom.Slot(decoding: try full.encoded()) == full)
        let over = ConfigurationRoom.Slot(
            sequenceNumber: 2, text: Bytes(repeating: 0x20, count: 16321))
        #expect(throws: ImageError.patchTooLong(byteCount: 16321, limitByteCount: 16320)) {
            try over.encoded()
        }
    }
}
