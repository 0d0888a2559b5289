import BakeContract

/// ECMA-119, section 8: volume descriptors of 2048 bytes from sector 16 on.
extension SuperblockProbe {
    private static let firstDescriptor: UInt64 = 16
    private static let sectorByteCount = 2048
    /// There are three or four of them; more than this is no disc.
    private static let descriptorLimit: UInt64 = 16
    /// Joliet's names are UCS-2, so that of 32 bytes 16 characters remain.
    private static let jolietCharacterCount = 16

    static func iso9660(_ device: DeviceReader) -> Superblock? {
        guard let primary = descriptor(0, device), primary.number(0, 1) == 1 else { return nil }
        let label = primary.field(40, 32).withoutPadding
        return Superblock(
            type: "iso9660".bytes, label: joliet(device, primary: label) ?? label,
            uuid: identity(of: primary))
    }

    private static func descriptor(_ index: UInt64, _ device: DeviceReader) -> Sector? {
        let offset = (firstDescriptor + index) * UInt64(sectorByteCount)
        guard let bytes = device.bytes(at: offset, sectorByteCount) else { return nil }
        let sector = Sector(bytes: bytes)
        return sector.holds("CD001".bytes, at: 1) ? sector : nil
    }

    /// The label in lower case and other scripts, where the disc has one; behind its 16 characters
    /// the primary label goes on.
    private static func joliet(_ device: DeviceReader, primary: Bytes) -> Bytes? {
        for index in 1..<descriptorLimit {
            guard let sector = descriptor(index, device) else { return nil }
            guard sector.number(0, 1) == 2, isJoliet(sector.field(88, 3)) else { continue }
            let characters = ucs2(sector.field(40, 32))
            if characters.isEmpty { return nil }
            var label = Bytes()
            for character in characters { label += Bytes(String(character).utf8) }
            let isCut = characters.count == jolietCharacterCount
            return isCut ? label + primary.dropFirst(jolietCharacterCount) : label
        }
        return nil
    }

    /// Big-endian, without the NUL or the spaces it is filled with.
    private static func ucs2(_ field: Bytes) -> [Unicode.Scalar] {
        var characters: [Unicode.Scalar] = []
        for index in stride(from: 0, to: field.count - 1, by: 2) {
            // Half a surrogate pair is no character of UCS-2.
            guard
                let character = Unicode.Scalar(
                    UInt16(field[index]) << 8 | UInt16(field[index + 1])),
                character.value != 0
            else { break }
            characters.append(character)
        }
        while characters.last?.value == 0x20 { characters.removeLast() }
        return characters
    }

    /// The escape sequences of UCS-2 level 1 to 3.
    private static func isJoliet(_ escape: Bytes) -> Bool {
        escape == "%/@".bytes || escape == "%/C".bytes || escape == "%/E".bytes
    }

    /// The time of the last change, else of its making: what blkid(8) has for a disc's UUID.
    private static func identity(of primary: Sector) -> Bytes {
        for offset in [830, 813] {
            let digits = primary.field(offset, 16)
            guard digits.count == 16, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
                digits.contains(where: { $0 != 0x30 })
            else { continue }
            var text = Bytes(digits[0..<4])
            for start in stride(from: 4, to: 16, by: 2) {
                text += [UInt8(ascii: "-")] + digits[start..<(start + 2)]
            }
            return text
        }
        return []
    }
}
