internal import BakeContract

extension ImageContents {
    /// What a finished image is made of. Written again, it is the same file, but for a signature
    /// and what `bake set` has changed.
    init(of image: BootImage, bakeVersion: String) throws(ImageError) {
        let manifest = image.manifest
        self.init(
            bakeVersion: bakeVersion, bootStub: try image.bootStub(), efiStub: try image.front(),
            efiStubVersion: manifest.efiStubVersion,
            kernel: PartSource(image[.kernel].range, of: image.file),
            kernelVersion: manifest.kernelVersion, commandLine: try image.commandLine(),
            osRelease: try image.bytes(of: .osRelease),
            provenance: try image.bytes(of: .provenance),
            packages: manifest.packages, initramfs: try image.bytes(of: .initramfs),
            settings: try image.bytes(of: .settings), blob: image.blobSource,
            leavesBlobInPlace: image.record.leavesBlobInPlace)
        blob.treeByteCount = try treeByteCount(asIn: manifest)
    }

    /// The manifest has the memory of a tar's tree only inside of its sums: what they are more than
    /// the formula gives without a tree, to the MiB that sums are rounded to.
    private func treeByteCount(asIn manifest: Manifest) throws(ImageError) -> Int {
        guard manifest.blob.kind == .tar else { return 0 }
        let withoutTree = try ImagePlan(self).manifest.memory.ramdiskByteCount
        return max(0, manifest.memory.ramdiskByteCount - withoutTree) / 2
    }
}

extension BootImage {
    fileprivate func bytes(of name: PartName) throws(ImageError) -> Bytes {
        try file.bytes(in: self[name].range, of: name)
    }

    /// The stub as it was built: its boot record empty.
    fileprivate func bootStub() throws(ImageError) -> Bytes {
        var stub = try bytes(of: .stub)
        let record = BootRecord.payloadOffset..<BootRecord.payloadOffset + BootRecord.byteCount
        guard record.upperBound <= stub.count else {
            throw .malformed(part: .stub, flaw: .badField("boot record"))
        }
        stub.replaceSubrange(record, with: repeatElement(0, count: record.count))
        return stub
    }

    /// Headers, section table and the EFI stub's sections: as good a PE file as systemd's own,
    /// already at addresses behind our headers.
    fileprivate func front() throws(ImageError) -> Bytes {
        try file.bytes(in: 0..<self[.efiStub].range.upperBound, of: .efiStub)
    }

    fileprivate var blobSource: BlobSource {
        BlobSource(
            descriptor: file.descriptor, path: path, description: manifest.blob,
            offset: self[.blob].range.lowerBound)
    }
}
