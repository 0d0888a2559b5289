internal import BakeContract

/// The setup header of an image: the kernel's, told that a payload of ours follows it.
///
/// Layout: docs/image-format.md, *Setup area*; boot.rst, *Details of Header Fields*.
struct SetupHeader {
    /// Length of the whole setup area, setup sectors and PE headers.
    var setupAreaByteCount: Int
    var payloadByteCount: Int
    /// Where the kernel stands in the payload.
    var kernelPayloadOffset: Int
    /// RAM that stub, blob and kernel need together, from where the payload is put.
    var initByteCount: Int

    /// Loaders that cannot choose put the payload here; the others at a multiple of `alignment`.
    static let lowestLoadAddress = 0x10_0000
    static let alignment = 0x20_0000
    static let preferredAddress = 0x100_0000

    /// The kernel's setup sectors with our numbers in them.
    func patched(_ kernel: KernelSetup) -> Bytes {
        typealias Field = KernelSetup.Field
        var bytes = kernel.sectors
        // The kernel's own PE header would describe a file that this no longer is.
        bytes.replaceSubrange(0x40..<0x1ec, with: repeatElement(0, count: 0x1ec - 0x40))
        bytes.store(littleEndian: UInt32(kernel.byteCount), at: Field.peHeaderOffset)
        let sectorCount = setupAreaByteCount / KernelSetup.sectorByteCount - 1
        bytes.store(littleEndian: UInt8(sectorCount), at: Field.setupSectors)
        bytes.store(littleEndian: UInt32(payloadByteCount / 16), at: Field.systemSize)
        bytes.store(littleEndian: UInt32(Self.lowestLoadAddress), at: Field.code32Start)
        bytes.store(littleEndian: UInt32(Self.alignment), at: Field.kernelAlignment)
        bytes.store(littleEndian: UInt8(1), at: Field.relocatable)
        let handover = KernelSetup.LoadFlags64.efiHandover32 | KernelSetup.LoadFlags64.efiHandover64
        let flags = bytes.littleEndian(UInt16.self, at: Field.loadFlags64) ?? 0
        bytes.store(littleEndian: flags & ~handover, at: Field.loadFlags64)
        bytes.store(littleEndian: UInt32(0), at: Field.payloadOffset)
        bytes.store(littleEndian: UInt32(0), at: Field.payloadLength)
        bytes.store(littleEndian: UInt64(Self.preferredAddress), at: Field.preferredAddress)
        bytes.store(littleEndian: UInt32(initByteCount), at: Field.initSize)
        bytes.store(littleEndian: UInt32(0), at: Field.handoverOffset)
        // Relative to the protected-mode code, which the payload now is (boot.rst, "kernel_info").
        // Protocol 2.15 brought the field; before that its bytes are not the header's.
        let version = bytes.littleEndian(UInt16.self, at: Field.version) ?? 0
        let info = bytes.littleEndian(UInt32.self, at: Field.kernelInfoOffset) ?? 0
        if version >= 0x020f, info != 0 {
            let rebased = kernelPayloadOffset + kernel.byteCount + Int(info)
            bytes.store(littleEndian: UInt32(rebased), at: Field.kernelInfoOffset)
        }
        return bytes
    }
}
