/// What decides whether two ELF files can work together: word size, byte order, processor, and of
/// its variants those that the loader tells apart.
public struct ELFMachine: Sendable, Hashable {
    /// EI_CLASS is ELFCLASS64.
    public let isWide: Bool
    /// EI_DATA is ELFDATA2LSB.
    public let isLittleEndian: Bool
    /// e_machine, a number of elf.h: 62 is x86-64.
    public let number: UInt16
    /// e_flags.
    public let flags: UInt32

    public init(isWide: Bool, isLittleEndian: Bool, number: UInt16, flags: UInt32 = 0) {
        self.isWide = isWide
        self.isLittleEndian = isLittleEndian
        self.number = number
        self.flags = flags
    }

    public static let x86_64 = ELFMachine(isWide: true, isLittleEndian: true, number: 62)

    /// Whether a process of one can load the other.
    public func accepts(_ other: ELFMachine) -> Bool {
        isWide == other.isWide && isLittleEndian == other.isLittleEndian && number == other.number
            && (number != Self.mips || flags & Self.mipsABI2 == other.flags & Self.mipsABI2)
    }

    static let mips: UInt16 = 8
    /// EF_MIPS_ABI2: n32, as opposed to o32.
    static let mipsABI2: UInt32 = 0x20
    /// EF_ARM_ABI_FLOAT_HARD.
    static let armHardFloat: UInt32 = 0x400
}

/// How glibc and Debian call a machine.
struct MachineNames {
    /// The directory of its libraries below /lib (Debian's multiarch tuples), most likely first.
    let multiarch: [String]
    /// Architecture bits of the flags in ld.so.cache (FLAG_* of ldconfig.h), most likely first.
    let cacheFlags: [UInt32]
    /// Where distributions without multiarch put its libraries, beside /lib.
    let libraryDirectories: [String]
    /// What $PLATFORM may be (AT_PLATFORM of getauxval(3)).
    let platforms: [String]

    init(
        _ multiarch: [String], _ cacheFlags: [UInt32], in libraryDirectories: [String] = [],
        platforms: [String] = []
    ) {
        self.multiarch = multiarch
        self.cacheFlags = cacheFlags
        self.libraryDirectories = libraryDirectories
        self.platforms = platforms
    }
}

extension ELFMachine {
    /// Nil for a machine we have no table row for: its libraries are then looked for in /lib and
    /// /usr/lib alone.
    var names: MachineNames? {
        let littleEndian = isLittleEndian ? "el" : ""
        switch (number, isWide) {
        case (62, true):
            return MachineNames(
                ["x86_64-linux-gnu"], [0x0300], in: ["lib64"],
                platforms: ["x86_64", "haswell", "xeon_phi"])
        case (62, false):
            return MachineNames(["x86_64-linux-gnux32"], [0x0800], in: ["libx32"])
        case (3, _):
            return MachineNames(
                ["i386-linux-gnu", "i686-linux-gnu", "i586-linux-gnu"], [0], in: ["lib32"],
                platforms: ["i686", "i586", "i486", "i386"])
        case (183, _):
            return MachineNames(
                [isLittleEndian ? "aarch64-linux-gnu" : "aarch64_be-linux-gnu"], [0x0a00],
                in: ["lib64"], platforms: [isLittleEndian ? "aarch64" : "aarch64_be"])
        case (40, _): return arm
        case (20, _): return MachineNames(["powerpc-linux-gnu"], [0])
        case (21, _):
            return MachineNames(
                [isLittleEndian ? "powerpc64le-linux-gnu" : "powerpc64-linux-gnu"], [0x0500],
                in: ["lib64"], platforms: ["power10", "power9", "power8", "power7"])
        case (22, true):
            return MachineNames(
                ["s390x-linux-gnu"], [0x0400], in: ["lib64"],
                platforms: ["z16", "z15", "z14", "z13", "zEC12", "z196", "z10"])
        case (22, false): return MachineNames(["s390-linux-gnu"], [0])
        case (Self.mips, true):
            return MachineNames(
                ["mips64\(littleEndian)-linux-gnuabi64"], [0x0700, 0x0e00], in: ["lib64"])
        case (Self.mips, false) where flags & Self.mipsABI2 != 0:
            return MachineNames(
                ["mips64\(littleEndian)-linux-gnuabin32"], [0x0600, 0x0d00], in: ["lib32"])
        case (Self.mips, false):
            return MachineNames(["mips\(littleEndian)-linux-gnu"], [0, 0x0c00])
        case (243, true):
            return MachineNames(
                ["riscv64-linux-gnu"], [0x1000, 0x0f00], in: ["lib64/lp64d", "lib64"])
        case (258, _):
            return MachineNames(["loongarch64-linux-gnu"], [0x1200, 0x1100], in: ["lib64"])
        case (2, _), (18, _): return MachineNames(["sparc-linux-gnu"], [0])
        case (43, _): return MachineNames(["sparc64-linux-gnu"], [0x0100], in: ["lib64"])
        case (50, _): return MachineNames(["ia64-linux-gnu"], [0x0200])
        case (4, _): return MachineNames(["m68k-linux-gnu"], [0])
        case (15, _): return MachineNames(["hppa-linux-gnu"], [0])
        case (42, _): return MachineNames(["sh4-linux-gnu"], [0])
        case (0x9026, _): return MachineNames(["alpha-linux-gnu"], [0])
        default: return nil
        }
    }

    /// Old libraries say nothing of how they pass floating-point numbers, so both kinds are tried.
    private var arm: MachineNames {
        let platforms = isLittleEndian ? ["v8l", "v7l", "v6l", "v5l"] : ["v7b", "v6b", "v5b"]
        let hard = "arm-linux-gnueabihf"
        let soft = "arm-linux-gnueabi"
        if flags & Self.armHardFloat != 0 {
            return MachineNames([hard, soft], [0x0900, 0x0b00, 0], platforms: platforms)
        }
        return MachineNames([soft, hard], [0x0b00, 0x0900, 0], platforms: platforms)
    }
}

extension ELFMachine: CustomStringConvertible {
    /// For messages: "aarch64", "machine 999, 32 bits, big-endian".
    public var description: String {
        if let processor = names?.multiarch.first?.split(separator: "-").first {
            return String(processor)
        }
        let order = isLittleEndian ? "little" : "big"
        return "machine \(number), \(isWide ? 64 : 32) bits, \(order)-endian"
    }
}
