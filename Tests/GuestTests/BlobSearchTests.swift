import BakeContract
import Testing

@testable import bake_init

@Suite struct BlobSearchTests {
    private let manifest = GuestManifest(
        blobKind: .tar, blobByteCount: 8192, blobDigest: [], verity: nil)

    @Test func memoryThatIsLongEnoughComesFirst() {
        let system = RecordingSystem()
        system.files["/bake/blob"] = [1]
        system.deviceByteCounts = ["/dev/pmem0": 4096, "/dev/pmem1": 1 << 21]
        #expect(
            findBlob(manifest, on: system)
                == .persistentMemory(path: "/dev/pmem1".bytes, byteCount: 1 << 21))
    }

    @Test func elseTheFileOfTheInitramfsWhateverItsLength() {
        let system = RecordingSystem()
        system.files["/bake/blob"] = [1, 2, 3]
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
