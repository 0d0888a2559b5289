/// A disk that a platform made for this machine: NoCloud (a file system labelled `cidata`) or
/// ConfigDrive (`config-2`). Labels in upper case count as well, as FAT has them.
///
/// Lowest first: the host name of the metadata, the user data where it is ours (`UserData`), the
/// file rumpconfig.json, which is always ours.
public struct SeedDiskSource: ConfigurationSource, Equatable, Sendable {
    /// Lowest first, where a machine has both.
    public enum Format: Equatable, Sendable, CaseIterable {
        case configDrive
        case noCloud
    }

    public var format: Format
    public var metaData: Bytes?
    public var userData: Bytes?
    public var configuration: Bytes?

    public init(
        format: Format, metaData: Bytes? = nil, userData: Bytes? = nil,
        configuration: Bytes? = nil
    ) {
        self.format = format
        self.metaData = metaData
        self.userData = userData
        self.configuration = configuration
    }

    public func settings() throws(ConfigurationError) -> SourceSettings {
        let file = Bytes("seed disk")
        var settings = SourceSettings(kind: .seed, file: file, text: [])
        if let metaData {
            settings.addHostname(
                of: SourceText(file: name(of: format.metaDataPath), text: metaData), format)
        }
        if let userData {
            try settings.addUserData(
                SourceText(file: name(of: format.userDataPath), text: userData))
        }
        if let configuration {
            try settings.addDocument(
                0..<configuration.count,
                of: SourceText(file: name(of: Format.configurationPath), text: configuration))
        }
        return settings
    }

    private func name(of path: StaticString) -> Bytes {
        Bytes("seed disk \(path.description)")
    }
}

extension SeedDiskSource.Format {
    /// What the file system is called, in lower case.
    public var label: StaticString {
        switch self {
        case .noCloud: "cidata"
        case .configDrive: "config-2"
        }
    }

    /// From the top of the disk.
    public var metaDataPath: StaticString {
        switch self {
        case .noCloud: "meta-data"
        case .configDrive: "openstack/latest/meta_data.json"
        }
    }

    public var userDataPath: StaticString {
        switch self {
        case .noCloud: "user-data"
        case .configDrive: "openstack/latest/user_data"
        }
    }

    public static let configurationPath: StaticString = "rumpconfig.json"
}

extension SourceSettings {
    /// `local-hostname` of NoCloud's metadata, `hostname` of OpenStack's. Metadata is written for
    /// others and cannot be wrong for us: what is no host name is left alone.
    fileprivate mutating func addHostname(
        of metaData: SourceText, _ format: SeedDiskSource.Format
    ) {
        let key: StaticString = format == .noCloud ? "local-hostname" : "hostname"
        guard let range = metaData.value(of: key) else { return }
        let name = Bytes(metaData.text[range])
        guard isHostname(name) else {
            let position = JSONText(metaData.text).position(of: range.lowerBound)
            notes.append(
                ConfigurationError(
                    file: metaData.file, position: position, problem: .notForUs("not a host name")))
            return
        }
        overrides.append(
            Override(
                patch: .object([JSONMember(Bytes("hostname"), .string(name))]),
                start: range.lowerBound, end: range.upperBound, isDocument: false,
                holder: metaData))
    }
}

extension SourceText {
    /// The text of a top-level key of a document in JSON or plain YAML (`key: value`, one line,
    /// quotes around the value taken off).
    fileprivate func value(of key: StaticString) -> Range<Int>? {
        if text.first(where: { !isKernelSpace($0) }) == ASCII.leftBrace {
            return valueInJSON(of: key)
        }
        var start = 0
        while start < text.count {
            let end = text[start...].firstIndex(of: ASCII.newline) ?? text.count
            let mark = start + key.utf8CodeUnitCount
            if text.starts(with: key, at: start), mark < end, text[mark] == ASCII.colon {
                return trimmed((mark + 1)..<end)
            }
            start = end + 1
        }
        return nil
    }

    private func valueInJSON(of key: StaticString) -> Range<Int>? {
        let name = Bytes(key.description)
        // What is no JSON has nothing to say to us.
        guard let document = try? JSONValue.parse(text, limits: .configuration),  // as said above
            let value = document[name]?.string,
            let offset = JSONText(text).offset(
                of: ConfigurationPath([.key(name)]), isKey: false),
            // An escape in a host name makes it none.
            text.count - offset > value.count,
            Bytes(text[(offset + 1)...].prefix(value.count)) == value
        else { return nil }
        return (offset + 1)..<(offset + 1 + value.count)
    }

    private func trimmed(_ range: Range<Int>) -> Range<Int>? {
        var range = range
        while let first = text[range].first, isKernelSpace(first) { range.removeFirst() }
        if let comment = text[range].firstIndex(of: 0x23), comment > range.lowerBound,
            isKernelSpace(text[comment - 1])
        {
            range = range.lowerBound..<comment
        }
        while let last = text[range].last, isKernelSpace(last) { range.removeLast() }
        if let quote = text[range].first, quote == ASCII.doubleQuote || quote == ASCII.singleQuote,
            range.count >= 2, text[range].last == quote
        {
            range = (range.lowerBound + 1)..<(range.upperBound - 1)
        }
        return range.isEmpty ? nil : range
    }
}
