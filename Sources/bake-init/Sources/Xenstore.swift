import BakeContract
import CGuest

/// Xen's domain configuration: `rumprun/cfg` below the domain's own directory.
struct Xenstore: SourceFinder {
    static let source = OverrideSource.xenstore

    /// Of today's kernels, and of those with xenfs on /proc/xen.
    private static let devices = ["/dev/xen/xenbus", "/proc/xen/xenbus"]

    func find<System: GuestSystem>(
        on system: System, into findings: inout PlatformFindings
    ) throws(SourceError) {
        // Not under Xen there is no such file.
        let hypervisor = try? system.read("/sys/hypervisor/type".bytes, limit: 16)  // as said above
        guard hypervisor?.trimmed == "xen".bytes,
            let device = Self.devices.first(where: { system.kind(of: $0.bytes) != nil })
        else { return }
        let connection: XenstoreConnection
        do {
            connection = XenstoreConnection(
                over: try FileDescriptor(opening: device.bytes, O_RDWR | O_NONBLOCK))
        } catch {
            // A domain without a Xenstore.
            if error == .noDevice || error == .notFound || error.code == ENXIO { return }
            throw .cannotRead(device.bytes, error)
        }
        findings.xenstore = try connection.value(of: XenstoreSource.key)
    }
}

/// One conversation with Xenstore.
struct XenstoreConnection: ~Copyable {
    /// xenbus is a memory page shared with a process of the host, which answers in microseconds.
    private static let patienceSeconds: UInt64 = 5
    private static let requestNumber: UInt32 = 1

    private let descriptor: FileDescriptor
    private let patienceMilliseconds: Milliseconds

    /// - Parameter descriptor: need not block.
    init(
        over descriptor: consuming FileDescriptor,
        patienceMilliseconds: Milliseconds = patienceSeconds * 1000
    ) {
        self.descriptor = descriptor
        self.patienceMilliseconds = patienceMilliseconds
    }

    /// nil where there is no such key.
    func value(of key: StaticString) throws(SourceError) -> Bytes? {
        let end = LeaseKeeper.now() + patienceMilliseconds
        do {
            try descriptor.write(
                all: XenstoreMessage.read(key, number: Self.requestNumber).bytes)
        } catch {
            throw .xenstoreFailed(error)
        }
        var received: Bytes = []
        while true {
            received += try receive(until: end)
            do {
                guard let message = try XenstoreMessage.parse(received) else { continue }
                return try message.value(asked: Self.requestNumber)
            } catch {
                throw .xenstore(error)
            }
        }
    }

    /// What there is next, at least one byte.
    private func receive(until end: Milliseconds) throws(SourceError) -> Bytes {
        var chunk = Bytes(repeating: 0, count: XenstoreMessage.payloadByteCountLimit)
        let number = descriptor.number
        while true {
            let now = LeaseKeeper.now()
            guard now < end else { throw .xenstoreSilent(seconds: patienceMilliseconds / 1000) }
            var set = PollSet()
            let index = set.add(number, POLLIN)
            set.wait(milliseconds: end - now)
            if set.answer(index) == 0 { continue }
            var byteCount = 0
            do throws(Errno) {
                byteCount = try checked {
                    chunk.withUnsafeMutableBytes { CGuest.read(number, $0.baseAddress, $0.count) }
                }
            } catch {
                if error.code == EAGAIN { continue }
                throw .xenstoreFailed(error)
            }
            guard byteCount > 0 else { throw .xenstoreClosed }
            return Bytes(chunk[..<byteCount])
        }
    }
}
