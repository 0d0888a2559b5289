extension BakeRequest {
    /// The keys of bake.json that say something where the output has no place for it: what is
    /// around the tree of an image, when the tree is written alone.
    var idleKeys: [String] {
        if format == .image { return [] }
        let silent = BakeRequest()
        let keys: [(name: String, isSaid: Bool)] = [
            ("config", configurationFile != nil), ("env", !environment.isEmpty),
            ("hostname", hostname != nil), ("net", !networks.isEmpty),
            ("program", !program.isEmpty),
            ("kernel", kernel != nil), ("modules", !modules.isEmpty),
            ("kernelCmdline", kernelCommandLine != nil),
            ("blob", blobKind != silent.blobKind),
            ("blockSize", format != .squashfs && blockSize != silent.blockSize),
        ]
        return keys.filter(\.isSaid).map(\.name)
    }
}

extension BakeRequest.OutputFormat {
    /// For messages: "an initrd".
    public var noun: String {
        switch self {
        case .image, .initrd: "an \(rawValue)"
        case .squashfs, .tar: "a \(rawValue)"
        }
    }
}
