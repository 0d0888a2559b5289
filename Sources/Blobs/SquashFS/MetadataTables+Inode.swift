internal import CSquashFS
internal import Glibc
internal import Trees

extension MetadataTables {
    /// The inode of anything but a directory, kind and contents filled in; to be freed.
    func inode(
        _ node: NodeOutline, _ index: Int, _ contents: borrowing Contents, nameCount: UInt32,
        _ file: borrowing OutputFile
    ) throws(BlobError) -> UnsafeMutablePointer<sqfs_inode_generic_t> {
        switch node.kind {
        case .directory:
            preconditionFailure("a directory's inode follows from its listing")
        case .regular(let byteCount):
            return try regular(
                index, byteCount: byteCount, contents, nameCount: nameCount, file)
        case .symlink(let target):
            return try symlink(target, nameCount)
        case .characterDevice(let device):
            return try deviceInode(SQFS_INODE_CDEV, device, nameCount)
        case .blockDevice(let device):
            return try deviceInode(SQFS_INODE_BDEV, device, nameCount)
        case .fifo:
            return try pipeInode(SQFS_INODE_FIFO, nameCount)
        case .socket:
            return try pipeInode(SQFS_INODE_SOCKET, nameCount)
        }
    }

    private func symlink(
        _ target: Bytes, _ nameCount: UInt32
    ) throws(BlobError) -> UnsafeMutablePointer<sqfs_inode_generic_t> {
        let raw = try allocate(SQFS_INODE_SLINK, extraByteCount: target.count)
        raw.pointee.data.slink = sqfs_inode_slink_t(
            nlink: nameCount, target_size: UInt32(target.count))
        // The target stands behind the fixed part, where C has a flexible array.
        let extra = UnsafeMutableRawPointer(raw) + MemoryLayout<sqfs_inode_generic_t>.size
        target.withUnsafeBytes { extra.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        return raw
    }

    private func deviceInode(
        _ type: SQFS_INODE_TYPE, _ device: Node.Device, _ nameCount: UInt32
    ) throws(BlobError) -> UnsafeMutablePointer<sqfs_inode_generic_t> {
        let raw = try allocate(type)
        // As new_encode_dev() of the kernel (include/linux/kdev_t.h).
        let number = device.minor & 0xff | device.major << 8 | (device.minor & ~0xff) << 12
        raw.pointee.data.dev = sqfs_inode_dev_t(nlink: nameCount, devno: number)
        return raw
    }

    private func pipeInode(
        _ type: SQFS_INODE_TYPE, _ nameCount: UInt32
    ) throws(BlobError) -> UnsafeMutablePointer<sqfs_inode_generic_t> {
        let raw = try allocate(type)
        raw.pointee.data.ipc = sqfs_inode_ipc_t(nlink: nameCount)
        return raw
    }

    func allocate(
        _ type: SQFS_INODE_TYPE, extraByteCount: Int = 0
    ) throws(BlobError) -> UnsafeMutablePointer<sqfs_inode_generic_t> {
        let size = MemoryLayout<sqfs_inode_generic_t>.size + extraByteCount
        guard let memory = calloc(1, size) else {
            throw .library(call: "calloc", error: "SQFS_ERROR_ALLOC")
        }
        let raw = memory.bindMemory(to: sqfs_inode_generic_t.self, capacity: 1)
        raw.pointee.base.type = UInt16(type.rawValue)
        raw.pointee.payload_bytes_available = UInt32(extraByteCount)
        raw.pointee.payload_bytes_used = UInt32(extraByteCount)
        return raw
    }
}

extension NodeOutline {
    /// Kind and permissions, as stat(2) has them.
    var mode: UInt16 {
        let kindBits =
            switch kind {
            case .directory: SQFS_INODE_MODE_DIR
            case .regular: SQFS_INODE_MODE_REG
            case .symlink: SQFS_INODE_MODE_LNK
            case .characterDevice: SQFS_INODE_MODE_CHR
            case .blockDevice: SQFS_INODE_MODE_BLK
            case .fifo: SQFS_INODE_MODE_FIFO
            case .socket: SQFS_INODE_MODE_SOCK
            }
        return UInt16(kindBits.rawValue) | permissions
    }
}
