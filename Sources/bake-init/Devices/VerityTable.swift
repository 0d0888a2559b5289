import BakeContract

/// One dm-verity target: data and hash tree on one device, blocks of 4096 bytes, version 1,
/// SHA-256, no superblock (docs/image-format.md, Documentation/admin-guide/device-mapper/verity.rst).
struct VerityTable: Equatable {
    var device: Bytes
    var dataBlockCount: UInt64
    /// In hash blocks from the start of the device.
    var hashStartBlock: UInt64
    /// Hexadecimal.
    var rootHash: Bytes
    /// Hexadecimal.
    var salt: Bytes

    static let blockByteCount: UInt64 = 4096

    /// Length of the device in sectors of 512 bytes.
    var sectorCount: UInt64 { dataBlockCount * (Self.blockByteCount / 512) }

    /// The parameters behind length and target name.
    var parameters: Bytes {
        var text = "1 ".bytes + device + " ".bytes + device + " 4096 4096 ".bytes
        text += "\(dataBlockCount) \(hashStartBlock) sha256 ".bytes
        text += rootHash + " ".bytes + (salt.isEmpty ? "-".bytes : salt)
        return text
    }
}
