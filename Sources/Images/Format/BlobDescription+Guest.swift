public import BakeContract

extension BlobDescription {
    /// The same facts as PID 1 gets them, in the settings archive.
    public var guestManifest: GuestManifest {
        GuestManifest(
            blobKind: kind == .squashfs ? .squashfs : .tar, blobByteCount: UInt64(byteCount),
            blobDigest: digest.map { Array($0.hex.utf8) },
            verity: verity.map { verity in
                VerityParameters(
                    dataBlockCount: UInt64(verity.dataBlockCount),
                    hashStartBlock: UInt64(verity.hashStartBlock),
                    rootHash: Array(verity.rootHash.hex.utf8),
                    salt: Array(hexadecimal(verity.salt).utf8))
            })
    }
}
