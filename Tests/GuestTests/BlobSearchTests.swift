import BakeContract
import Testing

@testable import bake_init

@Suite struct BlobSearchTests {
    /// Its root hash is the digest of whatever the recording system reads.
    private let manifest = GuestManifest(
        blobKind: .squashfs, blobByteCount: 8192, blobDigest: nil,
        verity: VerityParameters(
            dataBlockCount: 1, hashStartBlock: 1, rootHash: RecordingSystem().digest.hexadecimal,
            salt: "00ff".bytes))

    /// What a kexec left of the image before lies beside it.
    @Test func memoryIsKnownByItsHashTree() {
        let system = RecordingSystem()
        system.deviceByteCounts = ["/dev/pmem0": 1 << 21, "/dev/pmem1": 1 << 21]
        system.files["/dev/pmem1"] = []
        #expect(
            findBlob(manifest, on: system)
                == .persistentMemory(path: "/dev/pmem1".bytes, byteCount: 1 << 21))
    }

    @Test func memoryThatIsTooShortIsNotIt() {
        let system = RecordingSystem()
        system.deviceByteCounts = ["/dev/pmem0": 4096]
        system.files["/dev/pmem0"] = []
        #expect(findBlob(manifest, on: system) == .missing)
    }

    /// Using it says what is wrong with it.
    @Test func damagedMemoryIsTakenWhenThereIsNoOther() {
        let system = RecordingSystem()
        system.deviceByteCounts = ["/dev/pmem0": 8192]
        #expect(
            findBlob(manifest, on: system)
                == .persistentMemory(path: "/dev/pmem0".bytes, byteCount: 8192))
    }

    @Test func aFileOfTheInitramfsComesFirstWhateverItsLength() {
        let system = RecordingSystem()
        system.files["/bake/blob"] = [1, 2, 3]
        system.deviceByteCounts = ["/dev/pmem0": 8192]
        system.files["/dev/pmem0"] = []
        #expect(findBlob(manifest, on: system) == .file(path: "/bake/blob".bytes, byteCount: 3))
    }

    @Test func memoryThatIsAnnouncedIsWaitedFor() {
        let system = RecordingSystem()
        system.files["/proc/iomem"] =
            "00001000-0009ffff : System RAM\n08000000-0bffffff : Persistent Memory (legacy)\n".bytes
        system.onSleep = { system in
            if system.uptime() >= 100 { system.deviceByteCounts["/dev/pmem0"] = 8192 }
        }
        #expect(
            findBlob(manifest, on: system)
                == .persistentMemory(path: "/dev/pmem0".bytes, byteCount: 8192))
    }

    @Test func memoryThatNeverAppearsIsNotWaitedForForEver() {
        let system = RecordingSystem()
        system.files["/proc/iomem"] = "08000000-0bffffff : Persistent Memory (legacy)\n".bytes
        #expect(findBlob(manifest, on: system) == .missing)
        #expect(system.uptime() >= 10_000)
    }

    @Test func nothingAnnouncedNothingWaitedFor() {
        let system = RecordingSystem()
        system.files["/proc/iomem"] = "00001000-0009ffff : System RAM\n".bytes
        #expect(findBlob(manifest, on: system) == .missing)
        #expect(system.uptime() == 0)
    }
}
