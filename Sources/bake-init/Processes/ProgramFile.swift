import BakeContract

// What the first kilobytes of a program say about how it is run (elf(5), execve(2)).

let elfMachineX86_64: UInt16 = 62

/// How much of a file is enough: the ELF header, program headers and interpreter of every linker
/// in use stand in the first page; four are read.
let programHeadByteCount = 16384

/// The interpreter a program needs: PT_INTERP of an ELF file, or what follows `#!`.
func interpreter(ofProgram head: Bytes) -> Bytes? {
    scriptInterpreter(head) ?? elfInterpreter(head)
}

private func scriptInterpreter(_ head: Bytes) -> Bytes? {
    guard head.starts(with: "#!".bytes) else { return nil }
    let isEnd: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0a || $0 == 0 }
    let line = head.dropFirst(2).drop { $0 == 0x20 || $0 == 0x09 }
    let path = Bytes(line.prefix { !isEnd($0) })
    return path.isEmpty ? nil : path
}

private func isELF(_ head: Bytes) -> Bool {
    head.count >= 64 && head[0] == 0x7f && head[1] == 0x45 && head[2] == 0x4c && head[3] == 0x46
}

/// Little-endian, as every machine we could run on.
private func number(_ bytes: Bytes, at offset: UInt64, byteCount: Int) -> UInt64? {
    guard offset < UInt64(bytes.count), UInt64(bytes.count) - offset >= UInt64(byteCount) else {
        return nil
    }
    var value: UInt64 = 0
    for index in (0..<byteCount).reversed() {
        value = value << 8 | UInt64(bytes[Int(offset) + index])
    }
    return value
}

/// `e_machine`; nil when the file is no ELF.
func elfMachine(_ head: Bytes) -> UInt16? {
    guard isELF(head) else { return nil }
    return number(head, at: 18, byteCount: 2).map { UInt16($0) }
}

/// The path in the PT_INTERP segment; nil for a static program, and where a header is damaged.
private func elfInterpreter(_ head: Bytes) -> Bytes? {
    guard isELF(head) else { return nil }
    let is64Bit = head[4] == 2
    guard let table = number(head, at: is64Bit ? 32 : 28, byteCount: is64Bit ? 8 : 4),
        let entryByteCount = number(head, at: is64Bit ? 54 : 42, byteCount: 2),
        let entryCount = number(head, at: is64Bit ? 56 : 44, byteCount: 2),
        table < UInt64(head.count)
    else { return nil }
    for index in 0..<entryCount {
        let entry = table + index * entryByteCount
        guard let type = number(head, at: entry, byteCount: 4) else { return nil }
        let interpreterSegment: UInt64 = 3
        guard type == interpreterSegment else { continue }
        guard
            let start = number(head, at: entry + (is64Bit ? 8 : 4), byteCount: is64Bit ? 8 : 4),
            start < UInt64(head.count)
        else { return nil }
        return Bytes(head[Int(start)...].prefix { $0 != 0 })
    }
    return nil
}

/// An ELF machine number as people call it; elf.h has the numbers.
func machineText(_ machine: UInt16) -> String {
    switch machine {
    case 3: "32-bit x86"
    case 8: "MIPS"
    case 20, 21: "PowerPC"
    case 22: "s390x"
    case 40: "32-bit ARM"
    case 62: "x86-64"
    case 183: "ARM64"
    case 243: "RISC-V"
    case 258: "LoongArch"
    default: "another machine (ELF machine \(machine))"
    }
}
