import BakeContract

/// One dm-verity target: data and hash tree on one device, blocks of 4096 bytes, version 1,
/// SHA-256, no superblock (docs/image-format.md, Documentation/admin-guide/device-mapper/verity.rst).
struct VerityTable: Equatable {
    private var device: Bytes
    private var tree: VerityParameters

    init(device: Bytes, _ tree: VerityParameters) {
        self.device = device
        self.tree = tree
    }

    /// The beginning of the device's uuid, in the form by which lsblk and systemd know dm-verity.
    var identifier: Bytes { "CRYPT-VERITY-".bytes + tree.rootHash.prefix(32) + "-".bytes }

    static let blockByteCount: UInt64 = 4096

    /// Length of the device in sectors of 512 bytes.
    var sectorCount: UInt64 { tree.dataBlockCount &* (Self.blockByteCount / 512) }

    /// The parameters behind length and target name.
    var parameters: Bytes {
        var text = "1 ".bytes + device + " ".bytes + device + " 4096 4096 ".bytes
        text += "\(tree.dataBlockCount) \(tree.hashStartBlock) sha256 ".bytes
        text += tree.rootHash + " ".bytes + (tree.salt.isEmpty ? "-".bytes : tree.salt)
        return text
    }
}
