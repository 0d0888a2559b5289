import BakeContract

extension LinuxSystem {
    func unpack(_ path: Bytes, byteCount: UInt64, into directory: Bytes) throws(GuestFailure) {
        throw .cannotUnpack("not yet")
    }

    func bringUpLoopback() throws(GuestFailure) {
    }

    func configure(_ interface: NetworkInterface, hostname: Bytes?) throws(GuestFailure) {
    }
}
