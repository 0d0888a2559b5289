internal import BakeContract
internal import Glibc
internal import SystemPackage

/// The way into the guest: our standard input, byte for byte, and its end.
struct InputRelay {
    let source: FileDescriptor
    let target: FileDescriptor
    private(set) var isSourceOpen = true
    private(set) var isTargetOpen = true
    private var pending: Bytes = []

    init(source: FileDescriptor, target: FileDescriptor) {
        self.source = source
        self.target = target
        target.setNonBlocking()
    }

    var wantsRead: Bool { isSourceOpen && isTargetOpen && pending.isEmpty }
    var wantsWrite: Bool { isTargetOpen && !pending.isEmpty }

    mutating func readChunk() {
        var chunk = Bytes(repeating: 0, count: 65536)
        let count = read(source.rawValue, &chunk, chunk.count)
        if count > 0 {
            pending = Bytes(chunk.prefix(count))
        } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
            isSourceOpen = false
            close()
        }
    }

    mutating func writeChunk() {
        let count = pending.withUnsafeBytes { write(target.rawValue, $0.baseAddress, $0.count) }
        if count > 0 {
            pending.removeFirst(count)
        } else if count < 0, errno != EAGAIN, errno != EINTR {
            // QEMU is gone; whatever the user still types has no reader.
            pending = []
            close()
        }
    }

    /// Lets the guest see the end of its input.
    mutating func close() {
        guard isTargetOpen else { return }
        isTargetOpen = false
        target.discard()
    }
}
