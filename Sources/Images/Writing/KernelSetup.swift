internal import BakeContract

/// The front of a Linux bzImage: its setup sectors and the setup header in them.
///
/// Layout: Documentation/arch/x86/boot.rst, *The Real-Mode Kernel Header*.
struct KernelSetup: Equatable {
    /// The sectors as they stand in the kernel: what comes before the protected-mode code.
    let sectors: Bytes

    /// Boot protocol 2.12 (Linux 3.8) is the first that says whether there is a 64-bit entry.
    private static let oldestProtocol: UInt16 = 0x020c

    /// - Parameter front: at least the setup sectors, where the file is long enough.
    init(front kernel: Bytes, kernelByteCount: Int) throws(ImageError) {
        guard kernel.littleEndian(UInt32.self, at: Field.magic) == Self.magic,
            kernel.littleEndian(UInt16.self, at: Field.bootFlag) == 0xaa55
        else { throw .malformed(part: .kernel, flaw: .wrongMagic) }
        let sectorCount = kernel[Field.setupSectors] == 0 ? 4 : Int(kernel[Field.setupSectors])
        let byteCount = (sectorCount + 1) * Self.sectorByteCount
        guard byteCount < kernelByteCount else {
            throw .malformed(
                part: .kernel,
                flaw: .truncated(byteCount: kernelByteCount, neededByteCount: byteCount + 1))
        }
        self.sectors = Array(kernel[..<byteCount])
        try checkThatTheStubCanStartIt()
    }

    var byteCount: Int { sectors.count }
    /// RAM the kernel needs from where it is put until it runs.
    var initByteCount: Int { Int(number(UInt32.self, Field.initSize)) }
    /// What the kernel's place must be a multiple of.
    var alignment: Int { Int(number(UInt32.self, Field.kernelAlignment)) }
    /// The lowest address the kernel runs at.
    var preferredAddress: Int { Int(number(UInt64.self, Field.preferredAddress)) }
    /// The longest command line the kernel takes, without its NUL.
    var commandLineLimitByteCount: Int { Int(number(UInt32.self, Field.commandLineSize)) }

    private func checkThatTheStubCanStartIt() throws(ImageError) {
        let version = number(UInt16.self, Field.version)
        guard version >= Self.oldestProtocol else {
            throw .malformed(part: .kernel, flaw: .unsupportedVersion(UInt64(version)))
        }
        guard number(UInt16.self, Field.loadFlags64) & LoadFlags64.has64BitEntry != 0 else {
            throw .malformed(part: .kernel, flaw: .badField("xloadflags: no 64-bit entry"))
        }
        guard number(UInt8.self, Field.relocatable) != 0 else {
            throw .malformed(part: .kernel, flaw: .badField("relocatable_kernel"))
        }
        guard alignment > 0, alignment & (alignment - 1) == 0, alignment <= 1 << 30 else {
            throw .malformed(part: .kernel, flaw: .badField("kernel_alignment"))
        }
        guard initByteCount > 0, number(UInt64.self, Field.preferredAddress) < 1 << 31 else {
            throw .malformed(part: .kernel, flaw: .badField("init_size or pref_address"))
        }
    }

    /// Fields inside the setup sectors, which are never shorter than two sectors.
    private func number<Number: FixedWidthInteger & UnsignedInteger>(
        _ type: Number.Type, _ offset: Int
    ) -> Number {
        sectors.littleEndian(type, at: offset) ?? 0
    }
}

extension KernelSetup {
    static let sectorByteCount = 512
    static let magic: UInt32 = 0x5372_6448  // "HdrS"

    /// File offsets.
    enum Field {
        static let peHeaderOffset = 0x3c  // the PE format's e_lfanew
        static let setupSectors = 0x1f1
        static let systemSize = 0x1f4
        static let bootFlag = 0x1fe
        static let magic = 0x202
        static let version = 0x206
        static let code32Start = 0x214
        static let kernelAlignment = 0x230
        static let relocatable = 0x234
        static let loadFlags64 = 0x236  // xloadflags
        static let commandLineSize = 0x238
        static let payloadOffset = 0x248
        static let payloadLength = 0x24c
        static let preferredAddress = 0x258
        static let initSize = 0x260
        static let handoverOffset = 0x264
        static let kernelInfoOffset = 0x268
    }

    /// xloadflags.
    enum LoadFlags64 {
        static let has64BitEntry: UInt16 = 0x01
        static let efiHandover32: UInt16 = 0x04
        static let efiHandover64: UInt16 = 0x08
    }
}
