import BakeContract

extension LinuxSystem {
    func unpack(_ path: Bytes, byteCount: UInt64, into directory: Bytes) throws(GuestFailure) {
        throw .cannotUnpack("not yet")
    }
}
