import BakeContract

extension LinuxSystem {
    func unpack(_ path: Bytes, byteCount: UInt64, into directory: Bytes) throws(GuestFailure) {
        do {
            let report = try unpackArchive(path, byteCount: byteCount, into: directory)
            let count = report.droppedAttributeCount
            if count > 0 {
                say("bake: warning: \(count) extended attributes have no place in memory".bytes)
            }
        } catch {
            throw .cannotUnpack(error)
        }
    }
}
