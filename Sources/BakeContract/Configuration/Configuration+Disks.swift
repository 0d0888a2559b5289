/// `blk`: disks, and what is mounted from them.
extension Configuration {
    /// rumprun's keys, `options` added.
    static func decodeBlockDevice(
        _ node: JSONNode, _ unknown: inout [ConfigurationFault]
    ) throws(ConfigurationFault) -> BlockDevice {
        try node.checkKeys(
            ["source", "path", "fstype", "mountpoint", "options"], "an object", &unknown)
        let pathNode = try node.required("path")
        let path = try pathNode.string()
        let options = try node["options"]?.string() ?? []
        var fileSystem = try node["fstype"]?.string()
        if let name = fileSystem, name.isEmpty || name.equals("auto") || name.equals("blk") {
            fileSystem = nil
        }
        let isShared = fileSystem?.equals("virtiofs") == true || fileSystem?.equals("9p") == true
        let source: BlockDevice.Source
        switch try sourceKind(node) {
        case .file: source = .file(try pathNode.absolutePath())
        case .number: source = .number(try decodeNumber(pathNode))
        case .device where isShared: source = .tag(path)
        case .device: source = try decodeDevice(pathNode)
        }
        let device = BlockDevice(
            source: source, path: path, fileSystem: fileSystem,
            mountPoint: try node["mountpoint"]?.absolutePath(), options: options)
        if !device.isWaitedFor { _ = try node.required("mountpoint") }
        return device
    }

    private enum SourceKind {
        case device, file, number
    }

    /// As rumprun names them: a device, a file of the tree, a disk of Xen's by its number.
    private static func sourceKind(_ node: JSONNode) throws(ConfigurationFault) -> SourceKind {
        guard let source = node["source"] else { return .device }
        let name = try source.string()
        if name.equals("dev") { return .device }
        if name.equals("vnd") { return .file }
        guard name.equals("etfs") else { throw source.fault("\"dev\", \"vnd\" or \"etfs\"") }
        return .number
    }

    private static func decodeDevice(
        _ node: JSONNode
    ) throws(ConfigurationFault) -> BlockDevice.Source {
        let mustBe: StaticString =
            "a device such as /dev/vda1, or LABEL=, UUID= or PARTUUID= with a value"
        let path = try node.string()
        if let equals = path.firstIndex(of: ASCII.equals) {
            let value = Bytes(path[(equals + 1)...])
            guard !value.isEmpty, !value.contains(0) else { throw node.fault(mustBe) }
            if path.starts(with: "LABEL=") { return .label(value) }
            if path.starts(with: "UUID=") { return .uuid(value) }
            if path.starts(with: "PARTUUID=") { return .partitionUUID(value) }
        }
        let name = path.starts(with: "/dev/") ? Bytes(path.dropFirst(5)) : path
        guard isDeviceName(name) else { throw node.fault(mustBe) }
        return .device(Bytes("/dev/") + name)
    }

    private static func isDeviceName(_ name: Bytes) -> Bool {
        if name.isEmpty || name.contains(0) { return false }
        for part in name.split(separator: ASCII.slash, omittingEmptySubsequences: false)
        where part.isEmpty || Bytes(part).equals(".") || Bytes(part).equals("..") {
            return false
        }
        return true
    }

    /// `xbd0`, `blk0`: any word with the disk's number behind it.
    private static func decodeNumber(_ node: JSONNode) throws(ConfigurationFault) -> Int {
        let name = try node.string()
        let digits = Bytes(name.reversed().prefix { ASCII.isDigit($0) }.reversed())
        guard let number = unsignedNumber(digits), number < 1024 else {
            throw node.fault("a name with the disk's number at its end, such as xbd0")
        }
        return Int(number)
    }
}

extension BlockDevice {
    /// Whether it makes sense without a mount point: something that can be absent.
    fileprivate var isWaitedFor: Bool {
        switch source {
        case .device, .label, .uuid, .partitionUUID, .number: true
        case .file, .tag: false
        }
    }
}
