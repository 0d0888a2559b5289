internal import Trees

/// What an ELF file says about the others it needs (elf(5), gABI chapter 5 "Dynamic Linking").
public struct ELFFile: Sendable {
    public enum Kind: Sendable, Hashable {
        case executable
        /// A shared object, or a program that can stand anywhere.
        case shared
        /// Objects of the linker, core dumps: nothing that runs or is loaded.
        case other
    }

    public internal(set) var machine: ELFMachine
    public internal(set) var kind: Kind
    /// PT_INTERP: the loader, for programs that have one.
    public internal(set) var interpreter: [UInt8]?
    /// DT_NEEDED, in order.
    public internal(set) var needed: [[UInt8]] = []
    /// DT_SONAME.
    public internal(set) var soname: [UInt8]?
    /// DT_RPATH, as written; nil where there is a DT_RUNPATH, which makes loaders ignore it.
    public internal(set) var rpath: [UInt8]?
    /// DT_RUNPATH, as written.
    public internal(set) var runpath: [UInt8]?
    /// DF_1_NODEFLIB: nothing from the default directories.
    public internal(set) var skipsDefaultDirectories = false
    /// DT_FILTER: objects whose symbols stand for this one's own.
    public internal(set) var filters: [[UInt8]] = []
    /// DT_AUXILIARY: the same, where they are there.
    public internal(set) var auxiliaries: [[UInt8]] = []
    /// DT_AUDIT and DT_DEPAUDIT: watchers the loader loads, where they are there.
    public internal(set) var audits: [[UInt8]] = []
    /// What it says it may open while it runs.
    public internal(set) var dlopens: [DlopenNote] = []

    var symbols: SymbolTable?
    /// Of the string table of the dynamic section, in the file.
    var strings: Range<UInt64>?
}

/// What a file turned out to be.
public enum ELFReading: Sendable {
    case notELF
    case damaged(ELFFlaw)
    case file(ELFFile)

    public var file: ELFFile? {
        if case .file(let file) = self { file } else { nil }
    }
}

/// Why a file that begins like an ELF file is none. No loader would take it.
public enum ELFFlaw: Error, Sendable, Hashable {
    public enum Part: String, Sendable {
        case header = "the ELF header"
        case programHeaders = "the table of program headers"
        case sectionHeaders = "the table of section headers"
        case interpreter = "the name of the interpreter"
        case dynamicSection = "the dynamic section"
        case strings = "the string table"
        case symbols = "the symbol table"
        case notes = "a note"
    }

    case unknownClass
    case unknownByteOrder
    /// It begins or ends behind the end of the file.
    case outside(Part)
    /// More than any linker makes.
    case tooLarge(Part)
    case notTerminated(Part)
}

extension ELFFlaw: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownClass: "it has neither 32 nor 64 bits"
        case .unknownByteOrder: "its byte order is unknown"
        case .outside(let part): "\(part.rawValue) lies outside of the file"
        case .tooLarge(let part): "\(part.rawValue) is too large"
        case .notTerminated(let part): "\(part.rawValue) does not end"
        }
    }
}

/// Where the dynamic symbols stand in the file.
struct SymbolTable: Sendable {
    var offset: UInt64
    var count: Int
    /// Bytes from one to the next.
    var stride: Int
}
