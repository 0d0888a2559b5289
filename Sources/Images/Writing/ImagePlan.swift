internal import BakeContract

/// An image thought through to the last byte; only the blob's are still elsewhere.
struct ImagePlan {
    let layout: ImageLayout
    let manifest: Manifest
    /// Everything but the blob, in file order.
    let contents: [PartContent]

    struct PartContent {
        var name: PartName
        var source: PartSource
        /// As in the manifest; nil for a part that has none there.
        var digest: ContentDigest?
    }

    init(_ image: ImageContents) throws(ImageError) {
        let front = try ImageFront(image)
        let (kernel, efiStub) = (front.kernel, front.efiStub)
        try Self.check(image, for: kernel)
        let layout = try front.layout(image)
        let memory = MemoryFormula(image: image, layout: layout, kernel: kernel).needs
        let headers = try PEHeaders(
            stub: efiStub, stubOffsets: layout.efiStubOffsets,
            parts: Self.sections(of: image, in: layout), headersByteCount: layout.setupByteCount)

        var contents = try Self.fixedContents(of: image)
        contents[.setup] = try Self.setup(layout: layout, kernel: kernel, headers: headers)
        contents[.stub] = Self.stub(image, layout: layout, memory: memory)
        contents[.efiStub] = Self.padded(headers.stub.sections)
        var sources = contents.mapValues { PartSource($0) }
        sources[.kernel] = image.kernel
        var digests: [PartName: ContentDigest] = [:]
        for (name, source) in sources where name.hasDigestInManifest {
            digests[name] = try source.digest(of: name)
        }
        digests[.blob] = image.blob.description.digest
        let manifest = Self.manifest(of: image, layout: layout, memory: memory, digests: digests)
        sources[.manifest] = PartSource(manifest.encoded())
        self.manifest = manifest
        self.layout = layout
        self.contents = layout.parts.compactMap { part in
            sources[part.name].map {
                PartContent(name: part.name, source: $0, digest: digests[part.name])
            }
        }
        // Every other part has the length it was laid out with.
        guard manifest.encoded().count <= layout[.manifest].count else {
            throw .tooLarge(
                what: "the manifest", byteCount: manifest.encoded().count,
                limitByteCount: layout[.manifest].count)
        }
    }
}

extension ImagePlan {
    /// The PE sections that name parts; the stub's own come before them.
    static let sectionNames = [
        ".bake", ".cmdline", ".osrel", ".uname", ".bakewhy", ".linux", ".initrd",
    ]

    /// What the boot stub and the kernel could only refuse at boot.
    private static func check(
        _ image: ImageContents, for kernel: KernelSetup
    ) throws(ImageError) {
        // 2048 with the NUL is COMMAND_LINE_SIZE of x86: from there on kernels hang silently.
        let limit = min(kernel.commandLineLimitByteCount, 2047)
        guard image.commandLine.count <= limit else {
            throw .tooLarge(
                what: "the kernel command line", byteCount: image.commandLine.count,
                limitByteCount: limit)
        }
        guard !image.commandLine.contains(0) else {
            throw .malformed(part: .commandLine, flaw: .badField("NUL"))
        }
        let record = BootRecord.payloadOffset..<BootRecord.payloadOffset + BootRecord.byteCount
        guard image.bootStub.count >= record.upperBound,
            image.bootStub[record].allSatisfy({ $0 == 0 })
        else { throw .malformed(part: .stub, flaw: .badField("boot record")) }
        guard image.blob.description.byteCount > 0, image.blob.description.byteCount % 4096 == 0
        else { throw .malformed(part: .blob, flaw: .badField("length")) }
        // newc has 32 bits for a length; a payload that large is refused by its own limit below.
    }

    private static func sections(
        of image: ImageContents, in layout: ImageLayout
    ) -> [PEHeaders.PartSection] {
        let ranges = [
            layout[.manifest],
            // Without the NUL, where there is more than that: a section cannot be empty.
            layout[.commandLine].prefixRange(max(1, image.commandLine.count)),
            layout[.osRelease], layout[.kernelRelease], layout[.provenance], layout[.kernel],
            layout.range(from: .initramfs, through: .blobTrailer),
        ]
        return zip(sectionNames, ranges).map { name, range in
            PEHeaders.PartSection(name: name, range: range)
        }
    }

    private static func fixedContents(
        of image: ImageContents
    ) throws(ImageError) -> [PartName: Bytes] {
        let blob = NewcHeader.file(
            "bake/blob", contentByteCount: image.blob.description.byteCount)
        return [
            .commandLine: image.commandLine + [0],
            .osRelease: image.osRelease,
            .provenance: image.provenance,
            .kernelRelease: Array(image.kernelVersion.utf8),
            .initramfs: image.initramfs,
            .settings: image.settings,
            .room: try ConfigurationRoom.empty.archive(),
            .blobHeader: try blob.encodedEnding(atMultipleOf: ImageLayout.blobHeaderByteCount),
            .blobTrailer: try NewcHeader.trailer.encoded(inode: 0),
        ]
    }

    private static func setup(
        layout: ImageLayout, kernel: KernelSetup, headers: PEHeaders
    ) throws(ImageError) -> Bytes {
        let header = SetupHeader(
            setupAreaByteCount: layout.setupByteCount,
            payloadByteCount: layout.payloadByteCount,
            kernelPayloadOffset: layout.payloadRange(.kernel).lowerBound,
            initByteCount: layout.initByteCount)
        var bytes = header.patched(kernel) + (try headers.encoded())
        bytes.pad(toMultipleOf: layout.setupByteCount)
        return bytes
    }

    private static func stub(
        _ image: ImageContents, layout: ImageLayout, memory: Manifest.MemoryNeeds
    ) -> Bytes {
        let commandLine = layout.payloadRange(.commandLine)
        let record = BootRecord(
            leavesBlobInPlace: image.leavesBlobInPlace,
            payloadByteCount: layout.payloadByteCount,
            manifest: layout.payloadRange(.manifest),
            commandLine: commandLine.prefixRange(image.commandLine.count),
            kernel: layout.payloadRange(.kernel),
            ramdisk: layout.range(from: .initramfs, through: .room)
                .shifted(by: -layout.setupByteCount),
            blob: layout.payloadRange(.blob),
            fullRamdiskByteCount: layout.range(from: .initramfs, through: .blobTrailer).count,
            inPlaceMemoryByteCount: memory.inPlaceByteCount,
            ramdiskMemoryByteCount: memory.ramdiskByteCount)
        var bytes = image.bootStub
        let start = BootRecord.payloadOffset
        bytes.replaceSubrange(start..<start + BootRecord.byteCount, with: record.encoded())
        return bytes
    }

    private static func padded(_ sections: [EFIStub.Section]) -> Bytes {
        var bytes = Bytes()
        for section in sections {
            bytes += section.content
            bytes.pad(toMultipleOf: PE.fileAlignment)
        }
        return bytes
    }

    private static func manifest(
        of image: ImageContents, layout: ImageLayout, memory: Manifest.MemoryNeeds,
        digests: [PartName: ContentDigest]
    ) -> Manifest {
        let parts = layout.parts.filter(\.name.hasDigestInManifest).map { part in
            Manifest.DigestedPart(part: part, digest: digests[part.name])
        }
        return Manifest(
            bakeVersion: image.bakeVersion, architecture: "x86_64",
            kernelVersion: image.kernelVersion, efiStubVersion: image.efiStubVersion,
            blob: image.blob.description, memory: memory, packages: image.packages, parts: parts)
    }
}
