import BakeContract

@testable import Images

/// A bzImage with a right setup header and nothing that runs.
struct FakeKernel {
    var setupSectorCount: UInt8 = 3
    var version: UInt16 = 0x020f
    var relocatable: UInt8 = 1
    var loadFlags: UInt16 = 0x7f
    var alignment: UInt32 = 0x20_0000
    var commandLineSize: UInt32 = 2047
    var preferredAddress: UInt64 = 0x100_0000
    var initSize: UInt32 = 0x300_0000
    var kernelInfoOffset: UInt32 = 0x2000
    var codeByteCount = 20_000

    var setupByteCount: Int { (Int(setupSectorCount) + 1) * 512 }

    var bytes: Bytes {
        var bytes = SyntheticImage.noise(byteCount: setupByteCount + codeByteCount, seed: 11)
        func put(_ number: some FixedWidthInteger & UnsignedInteger, _ offset: Int) {
            withUnsafeBytes(of: number.littleEndian) { field in
                bytes.replaceSubrange(offset..<offset + field.count, with: field)
            }
        }
        put(UInt16(0x5a4d), 0)  // MZ
        put(setupSectorCount, 0x1f1)
        put(UInt16(0xaa55), 0x1fe)
        put(UInt32(0x5372_6448), 0x202)  // HdrS
        put(version, 0x206)
        put(alignment, 0x230)
        put(relocatable, 0x234)
        put(loadFlags, 0x236)
        put(commandLineSize, 0x238)
        put(preferredAddress, 0x258)
        put(initSize, 0x260)
        put(kernelInfoOffset, 0x268)
        return bytes
    }
}

extension KernelSetup {
    /// Of a whole kernel.
    init(kernel: Bytes) throws(ImageError) {
        try self.init(front: kernel, kernelByteCount: kernel.count)
    }
}
