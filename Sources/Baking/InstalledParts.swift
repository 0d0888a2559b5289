internal import SystemPackage

/// The files of the installation that become parts of the image.
struct InstalledParts {
    let guestInit: [UInt8]
    let bootStub: [UInt8]
    let efiStub: [UInt8]
    let efiStubVersion: String

    init(_ installation: Installation) throws(BakeError) {
        guestInit = try Self.read(installation.guestInit)
        bootStub = try Self.read(installation.bootStub)
        efiStub = try Self.read(installation.efiStub)
        let version = try Self.read(installation.efiStubVersion)
        efiStubVersion = String(
            decoding: version.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    private static func read(_ path: FilePath) throws(BakeError) -> [UInt8] {
        do {
            return try readWholeFile(path)
        } catch {
            throw .missingPart(path, error)
        }
    }
}
