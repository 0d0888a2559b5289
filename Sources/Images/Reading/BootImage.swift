internal import BakeContract
public import SystemPackage

/// An image that exists, open for reading.
///
/// Opening reads headers and manifest and checks that they agree with each other and lie inside
/// the file; nothing in a hostile file makes it trap. It does not read the parts: `verify` does.
public struct BootImage: Sendable {
    public let path: FilePath
    public let byteCount: Int
    public let manifest: Manifest
    /// All parts in file order.
    public let parts: [ImagePart]
    /// The PE section table.
    public let sections: [ImageSection]
    let record: BootRecord
    let file: InputFile

    public init(opening path: FilePath) throws(ImageError) {
        try self.init(InputFile(path))
    }

    init(_ file: InputFile) throws(ImageError) {
        self.file = file
        self.path = file.path
        self.byteCount = file.byteCount
        let setup: SetupArea
        do {
            setup = try SetupArea(of: file)
            self.record = try setup.bootRecord(in: file)
        } catch .malformed(_, .wrongMagic) {
            throw .notAnImage(path: file.path)
        }
        let neededByteCount = setup.bytes.count + record.payloadByteCount
        guard neededByteCount <= byteCount else {
            throw .cutShort(
                path: path, byteCount: byteCount, neededByteCount: neededByteCount)
        }
        self.sections = try setup.sections(fileByteCount: file.byteCount)
        let manifestRange = record.manifest.shifted(by: setup.bytes.count)
        guard manifestRange.count <= ByteLimit.manifest else {
            throw .malformed(part: .manifest, flaw: .badField("length"))
        }
        let manifestBytes = try file.bytes(in: manifestRange, of: .manifest)
        self.manifest = try Manifest(decoding: manifestBytes)
        self.parts = try PartTable.parts(of: manifest, at: manifestRange)
        try checkLengths(setup)
        try checkRecord(payloadOffset: setup.bytes.count)
        try checkSections()
    }

    /// The part of that name; every image has every part.
    public subscript(_ name: PartName) -> ImagePart {
        guard let part = parts.first(where: { $0.name == name }) else {
            preconditionFailure("PartTable lets no image through without '\(name)'")
        }
        return part
    }

    private func checkLengths(_ setup: SetupArea) throws(ImageError) {
        for part in parts where part.range.upperBound > byteCount {
            throw .malformed(
                part: part.name,
                flaw: .truncated(byteCount: byteCount, neededByteCount: part.range.upperBound))
        }
        guard self[.setup].range.upperBound == setup.bytes.count else {
            throw .malformed(part: .setup, flaw: .badField("setup_sects"))
        }
        let description = manifest.blob
        guard self[.blob].range.count == description.byteCount,
            manifest.digest(of: .blob) == description.digest
        else { throw .malformed(part: .manifest, flaw: .badField("blob")) }
    }

    /// The stub and the manifest must mean the same bytes.
    private func checkRecord(payloadOffset: Int) throws(ImageError) {
        func check(_ name: String, _ isRight: Bool) throws(ImageError) {
            guard isRight else { throw .malformed(part: .stub, flaw: .badField(name)) }
        }
        let ramdisk = record.ramdisk.shifted(by: payloadOffset)
        let fullRamdiskEnd = ramdisk.lowerBound + record.fullRamdiskByteCount
        let commandLine = record.commandLine.shifted(by: payloadOffset)
        try check("kernel", record.kernel.shifted(by: payloadOffset) == self[.kernel].range)
        try check("blob", record.blob.shifted(by: payloadOffset) == self[.blob].range)
        try check("ramdisk", ramdisk.lowerBound == self[.initramfs].range.lowerBound)
        try check("ramdisk", ramdisk.upperBound == self[.room].range.upperBound)
        try check("full ramdisk length", fullRamdiskEnd == self[.blobTrailer].range.upperBound)
        try check(
            "command line", self[.commandLine].range.prefixRange(commandLine.count) == commandLine)
    }

    /// The section table, UEFI's index, must mean the same bytes too.
    private func checkSections() throws(ImageError) {
        let initrd = self[.initramfs].range.lowerBound..<self[.blobTrailer].range.upperBound
        let starts: [(String, PartName)] = [
            (".bake", .manifest), (".cmdline", .commandLine), (".osrel", .osRelease),
            (".uname", .kernelRelease), (".bakewhy", .provenance), (".linux", .kernel),
            (".initrd", .initramfs),
        ]
        for (name, part) in starts {
            let named = sections.filter { $0.name == name }
            guard named.count == 1, named[0].range.lowerBound == self[part].range.lowerBound,
                name != ".linux" || named[0].range == self[.kernel].range,
                name != ".initrd" || named[0].range == initrd
            else { throw .malformed(part: .setup, flaw: .badField("section \(name)")) }
        }
    }
}

extension Manifest {
    func digest(of name: PartName) -> ContentDigest? {
        parts.first { $0.part.name == name }?.digest
    }
}

extension Range<Int> {
    /// Payload offsets as file offsets. The caller knows that both are lengths of real files.
    func shifted(by distance: Int) -> Range<Int> {
        lowerBound + distance..<upperBound + distance
    }

    /// The first `byteCount` of the range, whether or not it has as many.
    func prefixRange(_ byteCount: Int) -> Range<Int> {
        lowerBound..<lowerBound + byteCount
    }
}
