internal import BakeContract
internal import Glibc
internal import SystemPackage

/// One way out of the guest: what QEMU writes into our pipe goes on to a descriptor of ours, and
/// the end of it is remembered.
///
/// A slow reader is waited for: up to `limitByteCount` are kept here, then the pipe fills, then
/// QEMU's write waits and with it the guest. Nothing is lost.
struct OutputRelay {
    static let limitByteCount = 1 << 20
    private static let chunkByteCount = 65536
    /// A pipe or terminal that polls as writable takes this much without blocking (pipe(7)).
    private static let safeWriteByteCount = 4096

    let source: FileDescriptor
    /// nil keeps the tail only.
    private(set) var target: FileDescriptor?
    private(set) var tail = ConsoleTail()
    private(set) var isSourceOpen = true
    /// Nobody reads the target any more.
    private(set) var isTargetGone = false
    private var pending: Bytes = []
    private var writtenByteCount = 0
    private var writeByteCount = safeWriteByteCount

    init(source: FileDescriptor, target: FileDescriptor?) {
        self.source = source
        source.setNonBlocking()
        if let target { pass(to: target) }
    }

    /// What comes from now on goes there too.
    mutating func pass(to target: FileDescriptor) {
        self.target = target
        var status = stat()
        let isFile = fstat(target.rawValue, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        if isFile { writeByteCount = Self.chunkByteCount }
    }

    private var pendingByteCount: Int { pending.count - writtenByteCount }
    var wantsRead: Bool { isSourceOpen && pendingByteCount < Self.limitByteCount }
    var wantsWrite: Bool { pendingByteCount > 0 }

    /// Takes one chunk from the pipe; false when nothing was there.
    @discardableResult
    mutating func readChunk() -> Bool {
        var chunk = Bytes(repeating: 0, count: Self.chunkByteCount)
        let count = read(source.rawValue, &chunk, chunk.count)
        if count > 0 {
            tail.append(chunk.prefix(count))
            if target != nil, !isTargetGone {
                pending += chunk.prefix(count)
            }
            return true
        }
        if count == 0 || (errno != EAGAIN && errno != EINTR) {
            isSourceOpen = false
        }
        return false
    }

    /// Passes one chunk on; the target was found writable.
    mutating func writeChunk() {
        guard let target else { return }
        let count = pending.withUnsafeBytes { bytes in
            let rest = bytes[writtenByteCount...].prefix(writeByteCount)
            return write(target.rawValue, rest.baseAddress, rest.count)
        }
        if count < 0, errno != EAGAIN, errno != EINTR {
            isTargetGone = true
            writtenByteCount = pending.count
        } else if count > 0 {
            writtenByteCount += count
        }
        if writtenByteCount > pending.count / 2 {
            pending.removeFirst(writtenByteCount)
            writtenByteCount = 0
        }
    }
}

extension Slice<UnsafeRawBufferPointer> {
    fileprivate var baseAddress: UnsafeRawPointer? {
        base.baseAddress.map { $0 + startIndex }
    }
}
