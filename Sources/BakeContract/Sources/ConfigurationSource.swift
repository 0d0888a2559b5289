/// A place that settings come from. One file each; the order of `SourceKind` decides who wins.
///
/// A source takes the bytes that were found and says what they mean. Finding them (a disk, a file
/// below /sys, a server) is the guest's business; on the host a flag stands in its place.
public protocol ConfigurationSource {
    /// Reads what it holds. Errors carry the place in its own text.
    func settings() throws(ConfigurationError) -> SourceSettings
}

/// Every kind of source, lowest first: a later one wins, key by key.
public enum SourceKind: Int, Equatable, Sendable, CaseIterable {
    /// rumpconfig.json as it was when the image was made.
    case baked
    /// What `bake set` changed since.
    case room
    /// A disk for cloud-init: NoCloud or ConfigDrive. The clouds' own metadata stands with it.
    case seed
    case ec2
    case gcp
    case smbios
    case firmwareTable
    case xenstore
    case commandLine
}

extension SourceKind {
    /// For people, behind every value that it sets.
    public var name: StaticString {
        switch self {
        case .baked: "baked configuration"
        case .room: "bake set"
        case .seed: "seed disk"
        case .ec2: "EC2 metadata"
        case .gcp: "GCP metadata"
        case .smbios: "SMBIOS"
        case .firmwareTable: "QEMU firmware table"
        case .xenstore: "Xenstore"
        case .commandLine: "kernel command line"
        }
    }

    /// For programs: as `sources` lists it, and `baked` and `room`.
    public var identifier: StaticString {
        switch self {
        case .baked: "baked"
        case .room: "room"
        default: override?.name ?? "baked"
        }
    }

    /// Whether the platform, not the maker of the image, speaks here.
    public var override: OverrideSource? {
        switch self {
        case .baked, .room: nil
        case .seed: .seed
        case .ec2: .ec2
        case .gcp: .gcp
        case .smbios: .smbios
        case .firmwareTable: .firmwareTable
        case .xenstore: .xenstore
        case .commandLine: .commandLine
        }
    }
}

/// What one source says: its text, and the merge patches in it.
public struct SourceSettings: Sendable {
    public var kind: SourceKind
    /// What messages call the text.
    public var file: Bytes
    public var text: Bytes
    /// In order; the last wins.
    public var overrides: [Override]
    /// Nothing below this source counts.
    public var isReplacing = false
    /// What is worth knowing and nothing more: what was left alone, why a text is the dialect.
    public var notes: [ConfigurationError] = []

    /// A source that has nothing to say yet.
    init(kind: SourceKind, file: Bytes, text: Bytes) {
        self.kind = kind
        self.file = file
        self.text = text
        overrides = []
    }

    public init(
        kind: SourceKind, file: Bytes, text: Bytes, overrides: [Override], isReplacing: Bool
    ) {
        self.init(kind: kind, file: file, text: text)
        self.overrides = overrides
        self.isReplacing = isReplacing
        for override in overrides { noteDialect(of: override) }
    }
}

extension SourceSettings {
    /// Adds a configuration that is a part of the source's own text, or of another.
    mutating func addDocument(
        _ range: Range<Int>, of holder: SourceText? = nil
    ) throws(ConfigurationError) {
        let place = holder ?? SourceText(file: file, text: text)
        do throws(TextFault) {
            var override: Override
            if kind.override == nil {
                override = try .baked(place.text, range)
            } else {
                let document = try Override.document(place.text, range)
                override = document.override
                if document.isReplacing { isReplacing = true }
            }
            override.holder = holder
            overrides.append(override)
            noteDialect(of: override)
        } catch {
            throw error.located(in: place.text, file: place.file)
        }
    }

    private mutating func noteDialect(of override: Override) {
        let place = text(holding: override)
        for note in override.translation?.notes ?? [] {
            let position = JSONText(place.text).position(of: override.start + note.offset)
            notes.append(
                ConfigurationError(
                    file: place.file, position: position, problem: .dialect(note.trait)))
        }
    }

    private func text(holding override: Override) -> SourceText {
        override.holder ?? SourceText(file: file, text: text)
    }

    /// A fault as an error at the place in this text that brought the value.
    public func error(_ fault: ConfigurationFault) -> ConfigurationError {
        let place = place(of: fault.path, isKey: fault.isAboutKey)
        return ConfigurationError(
            file: place.file, position: place.position, problem: fault.problem)
    }

    /// Where a value comes from: the last override that holds the whole path, else the last that
    /// speaks of its first key.
    func place(of path: ConfigurationPath, isKey: Bool = false) -> ConfigurationPlace {
        let holder =
            overrides.last { $0.patch.holds(path) }
            ?? overrides.last { $0.patch.holds(path.first) }
        guard let holder else { return ConfigurationPlace(file: file, position: nil) }
        let place = text(holding: holder)
        let offset = holder.offset(of: path, isKey: isKey, in: place.text)
        return ConfigurationPlace(
            file: place.file, position: JSONText(place.text).position(of: offset))
    }

    func holds(_ path: ConfigurationPath) -> Bool {
        overrides.contains { $0.patch.holds(path) }
    }
}
