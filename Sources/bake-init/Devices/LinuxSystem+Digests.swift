import BakeContract
import CGuest

// SHA-256 by the kernel (AF_ALG, Documentation/crypto/userspace-if.rst): it has one already, with
// the machine's own instructions where there are any.

extension LinuxSystem {
    func sha256(of path: Bytes, byteCount: UInt64) throws(Errno) -> Bytes {
        let file = try FileDescriptor(opening: path, O_RDONLY)
        let operation = try hashOperation()
        var chunk = Bytes(repeating: 0, count: 1 << 18)
        var remaining = byteCount
        while remaining > 0 {
            let wanted = Int(min(UInt64(chunk.count), remaining))
            let count = try checked {
                chunk.withUnsafeMutableBytes { CGuest.read(file.number, $0.baseAddress, wanted) }
            }
            if count == 0 { throw Errno(EIO) }
            try send(chunk[..<count], to: operation.number)
            remaining -= UInt64(count)
        }
        return try operation.read(limit: 32)
    }

    func sha256(of bytes: Bytes) throws(Errno) -> Bytes {
        let operation = try hashOperation()
        try send(bytes[...], to: operation.number)
        return try operation.read(limit: 32)
    }

    private func hashOperation() throws(Errno) -> FileDescriptor {
        let algorithm = FileDescriptor(
            adopting: try checked { guest_socket(AF_ALG, guest_SOCK_SEQPACKET_CLOEXEC, 0) })
        var address = sockaddr_alg()
        address.salg_family = UInt16(AF_ALG)
        copy("hash".bytes, into: &address.salg_type)
        copy("sha256".bytes, into: &address.salg_name)
        try checked {
            withUnsafeBytes(of: &address) {
                guest_bind(algorithm.number, $0.baseAddress, socklen_t($0.count))
            }
        }
        return FileDescriptor(adopting: try checked { accept(algorithm.number, nil, nil) })
    }

    /// MSG_MORE on every piece: the digest is finished by reading it.
    private func send(_ bytes: ArraySlice<UInt8>, to operation: Int32) throws(Errno) {
        var rest = bytes
        while !rest.isEmpty {
            let count = try checked {
                rest.withUnsafeBytes {
                    CGuest.send(operation, $0.baseAddress, $0.count, guest_MSG_MORE)
                }
            }
            rest = rest.dropFirst(count)
        }
    }

    private func copy<Field>(_ text: Bytes, into field: inout Field) {
        withUnsafeMutableBytes(of: &field) { $0.copyBytes(from: text) }
    }
}
