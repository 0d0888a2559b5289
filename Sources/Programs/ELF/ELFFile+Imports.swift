internal import Glibc
internal import Trees

extension ELFFile {
    /// Bytes of a string table we read whole; those of large C++ libraries have some 10 MiB.
    private static let stringLimit: UInt64 = 256 << 20

    /// Names of functions the file takes from others (undefined symbols of the dynamic section)
    /// that begin with one of these letters, in the file's order.
    ///
    /// - Parameter content: what the file was read from.
    func imports(
        in content: Node.Content, startingWith letters: Set<UInt8>
    ) throws(TreeError) -> ImportsReading {
        guard let symbols, let strings, symbols.count > 0 else { return .names([]) }
        var bytes = try ELFBytes(content)
        bytes.isWide = machine.isWide
        bytes.isLittleEndian = machine.isLittleEndian
        do throws(ELFFailure) {
            let table = try bytes.bytes(
                at: symbols.offset, count: UInt64(symbols.count * symbols.stride), .symbols,
                limit: .max)
            let undefined = Self.undefined(in: table, symbols)
            guard !undefined.isEmpty else { return .names([]) }
            let text = try bytes.bytes(
                at: strings.lowerBound, count: strings.upperBound - strings.lowerBound, .strings,
                limit: Self.stringLimit
            ).bytes
            var names: [Bytes] = []
            for start in undefined where start < text.count && letters.contains(text[start]) {
                names.append(Bytes(text[start...].prefix { $0 != 0 }))
            }
            return .names(names)
        } catch {
            switch error {
            case .tree(let error): throw error
            case .flaw(let flaw): return .damaged(flaw)
            }
        }
    }

    /// Where in the string table their names begin. st_name stands first, st_shndx at 6 or 14, and
    /// SHN_UNDEF is 0 (gABI chapter 4, "Symbol Table").
    private static func undefined(in table: ELFPiece, _ symbols: SymbolTable) -> [Int] {
        let sectionOffset = table.isWide ? 6 : 14
        var starts: [Int] = []
        for index in 0..<symbols.count {
            let start = index * symbols.stride
            guard table.half(at: start + sectionOffset) == 0 else { continue }
            let name = Int(table.word(at: start))
            if name > 0 { starts.append(name) }
        }
        return starts
    }

    /// Whether the dynamic string table has this string: a version name, for instance.
    func hasString(_ string: Bytes, in content: Node.Content) throws(TreeError) -> Bool {
        guard let strings else { return false }
        var bytes = try ELFBytes(content)
        do throws(ELFFailure) {
            let text = try bytes.bytes(
                at: strings.lowerBound, count: strings.upperBound - strings.lowerBound, .strings,
                limit: Self.stringLimit
            ).bytes
            return text.holds([0] + string + [0])
        } catch {
            if case .tree(let error) = error { throw error }
            return false
        }
    }
}

enum ImportsReading {
    case names([Bytes])
    case damaged(ELFFlaw)
}

extension Bytes {
    /// Whether these bytes stand somewhere in it.
    func holds(_ needle: Bytes) -> Bool {
        guard let first = needle.first else { return true }
        return withUnsafeBytes { text in
            guard var start = text.baseAddress else { return false }
            let end = start + text.count
            while end - start >= needle.count,
                let found = memchr(start, Int32(first), end - start - needle.count + 1)
            {
                if memcmp(found, needle, needle.count) == 0 { return true }
                start = UnsafeRawPointer(found) + 1
            }
            return false
        }
    }
}
