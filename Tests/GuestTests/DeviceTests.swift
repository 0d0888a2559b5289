import CGuest
import Testing

@testable import BakeContract
@testable import bake_init

@Suite struct UeventTests {
    private func message(_ fields: String...) -> Bytes {
        fields.flatMap { $0.bytes + [0] }
    }

    @Test func aDamagedDataBlock() {
        let event = message(
            "change@/devices/virtual/block/dm-0", "ACTION=change", "DEVNAME=dm-0",
            "DM_VERITY_ERR_BLOCK_NR=0,1234", "SEQNUM=900")
        let block = DamagedBlock(uevent: event)
        #expect(block?.number == 1234)
        #expect(block?.text == "block 1234 of it does not match its digest")
    }

    @Test func aDamagedHashBlock() {
        #expect(DamagedBlock(uevent: message("DM_VERITY_ERR_BLOCK_NR=1,7"))?.isMetadata == true)
    }

    @Test(arguments: [
        "", "add@/devices/virtual/block/dm-0", "DM_VERITY_ERR_BLOCK_NR=",
        "DM_VERITY_ERR_BLOCK_NR=0", "DM_VERITY_ERR_BLOCK_NR=0,x", "DM_VERITY_ERR_BLOCK_NR=0,1,2",
        "XDM_VERITY_ERR_BLOCK_NR=0,1",
    ])
    func anythingElseIsNoDamage(field: String) {
        #expect(DamagedBlock(uevent: message(field)) == nil)
    }
}

@Suite struct VerityTests {
    private let table = VerityTable(
        device: "/dev/pmem0".bytes,
        VerityParameters(
            dataBlockCount: 2990, hashStartBlock: 2991, rootHash: "0a0b".bytes, salt: "00ff".bytes))

    @Test func parametersAsTheTargetReadsThem() {
        #expect(
            table.parameters
                == "1 /dev/pmem0 /dev/pmem0 4096 4096 2990 2991 sha256 0a0b 00ff".bytes)
        #expect(table.sectorCount == 23920)
    }

    @Test func noSaltIsADash() {
        let table = VerityTable(
            device: "d".bytes,
            VerityParameters(
                dataBlockCount: 1, hashStartBlock: 1, rootHash: "aa".bytes, salt: []))
        #expect(table.parameters == "1 d d 4096 4096 1 1 sha256 aa -".bytes)
    }

    /// The offsets are those of struct dm_ioctl and struct dm_target_spec in linux/dm-ioctl.h.
    @Test func aTableLoadAsBytes() {
        let request = DeviceMapperRequest(name: "bake-root".bytes, isReadOnly: true, verity: table)
        let bytes = request.bytes
        func number(_ offset: Int) -> UInt32 {
            bytes[offset..<offset + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
        #expect(number(0) == 4)  // version
        #expect(number(12) == UInt32(bytes.count))  // data_size
        #expect(number(16) == 312)  // data_start
        #expect(number(20) == 1)  // target_count
        #expect(number(28) == 1)  // flags: read-only
        #expect(bytes[48..<58] == ("bake-root".bytes + [0])[...])  // name
        #expect(number(312) == 0)  // sector_start
        #expect(number(320) == 23920)  // length
        #expect(bytes[336..<343] == ("verity".bytes + [0])[...])
        let end = 352 + table.parameters.count
        #expect(bytes[352..<end] == table.parameters[...])
        #expect(bytes[end] == 0)
        #expect(number(332) % 8 == 0 && number(332) >= UInt32(40 + table.parameters.count + 1))
    }

    @Test func aLongNameIsCutNotWrittenBeyond() {
        let name = Bytes(repeating: 0x61, count: 200)
        let request = DeviceMapperRequest(name: name, isReadOnly: false)
        #expect(request.bytes[48 + 126] == 0x61)
        #expect(request.bytes[48 + 127] == 0)
    }
}

@Suite struct MountFlagsTests {
    @Test(
        arguments: [
            ("", [], ""), ("defaults", [], ""), ("ro", .readOnly, ""),
            ("ro,noexec,data=ordered,rw", .noExecution, "data=ordered"),
            ("size=10%,mode=1777", [], "size=10%,mode=1777"),
            ("rbind", [.bind, .recursive], ""), (",,nosuid,", .noSetUID, ""),
        ] as [(String, MountFlags, String)])
    func options(text: String, flags: MountFlags, rest: String) {
        let split = MountFlags.split(text.bytes)
        #expect(split.flags == flags)
        #expect(split.rest == rest.bytes)
    }
}
