/// Everything that can be said against a configuration, not the first thing alone.
public struct ConfigurationLint: Sendable {
    public struct Finding: Sendable {
        public enum Severity: Sendable {
            /// No image is made with it, and no machine boots with it.
            case error
            /// It is taken, and probably not meant.
            case warning
            case note
        }

        public var severity: Severity
        public var error: ConfigurationError

        public init(_ severity: Severity, _ error: ConfigurationError) {
            self.severity = severity
            self.error = error
        }
    }

    public private(set) var findings: [Finding] = []
    /// What the sources come to, where nothing is wrong with them.
    public private(set) var effective: EffectiveConfiguration?
    private let sources: [SourceSettings]

    public init(_ sources: [SourceSettings], _ strictness: EffectiveConfiguration.Strictness) {
        self.sources = EffectiveConfiguration.inOrder(sources)
        for source in self.sources { findings += source.notes.map { Finding(.note, $0) } }
        do throws(ConfigurationError) {
            // As at boot, so that misspelt keys do not hide what else is wrong.
            let effective = try EffectiveConfiguration(sources, .booting)
            let severity: Finding.Severity = strictness == .making ? .error : .warning
            findings += effective.warnings.map { Finding(severity, $0) }
            self.effective = effective
            for fault in effective.configuration.oddities { add(.warning, fault) }
        } catch {
            findings.append(Finding(.error, error))
            addFaultsOfOtherKeys(than: error, strictness)
        }
    }

    /// Sources that cannot be read at all.
    public init(refused error: ConfigurationError) {
        sources = []
        findings = [Finding(.error, error)]
    }

    public var hasErrors: Bool { findings.contains { $0.severity == .error } }

    /// What somebody who knows the tree has found out.
    public mutating func add(_ severity: Finding.Severity, _ fault: ConfigurationFault) {
        findings.append(Finding(severity, fault.located(in: sources)))
    }

    /// A decoder stops at its first fault, so every key is decoded alone as well.
    private mutating func addFaultsOfOtherKeys(
        than first: ConfigurationError, _ strictness: EffectiveConfiguration.Strictness
    ) {
        var merge = ConfigurationMerge()
        for source in sources {
            // What does not merge has been told.
            do { try merge.add(source) } catch { return }
        }
        for member in merge.value.members ?? [] where !member.key.equals("arguments") {
            var unknown: [ConfigurationFault] = []
            var faults: [ConfigurationFault] = []
            do throws(ConfigurationFault) {
                let configuration = try Configuration.decode(.object([member]), &unknown)
                faults = configuration.oddities
            } catch {
                faults = [error]
            }
            let severity: Finding.Severity = strictness == .making ? .error : .warning
            for fault in unknown { add(severity, fault) }
            for fault in faults {
                let located = fault.located(in: sources)
                let isFirst = located.place == first.place
                if !isFirst { findings.append(Finding(.error, located)) }
            }
        }
    }
}

extension ConfigurationLint {
    /// One finding a line: `rumpconfig.json:7:12: error: 'hostname' must be a string`.
    public var text: Bytes {
        var text: Bytes = []
        for finding in findings { text += Bytes(finding.description + "\n") }
        return text
    }
}

extension ConfigurationLint.Finding: CustomStringConvertible {
    public var description: String {
        switch severity {
        case .error: error.description
        case .warning: error.warning
        case .note: error.note
        }
    }
}
