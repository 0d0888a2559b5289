/// What an image asks of its kernel.
public struct ImageDemands: Equatable, Sendable {
    public enum Compression: String, CaseIterable, Sendable {
        case zstd, gzip, xz, lz4, none
    }

    public enum Blob: Equatable, Sendable {
        case squashfs(Compression)
        /// Unpacked by the guest init itself: the kernel need not know the compression.
        case tar
    }

    public var blob: Blob
    /// The squashfs is read through dm-verity.
    public var usesVerity: Bool
    /// The root is writable: an overlay on tmpfs over the squashfs.
    public var usesOverlay: Bool
    /// The programs get a network.
    public var usesNetwork: Bool
    /// The initramfs is compressed with zstd.
    public var compressesInitramfs: Bool

    public init(
        blob: Blob, usesVerity: Bool = true, usesOverlay: Bool = true, usesNetwork: Bool = true,
        compressesInitramfs: Bool = true
    ) {
        self.blob = blob
        self.usesVerity = usesVerity
        self.usesOverlay = usesOverlay
        self.usesNetwork = usesNetwork
        self.compressesInitramfs = compressesInitramfs
    }
}
