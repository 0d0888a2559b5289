import BakeContract

/// A parser of bytes that nobody vouches for, as fuzzers see it: it answers every input, and what
/// it answers holds together. `violation` says what does not.
struct FuzzTarget: Sendable {
    let name: String
    let violation: @Sendable (Bytes) -> String?
}

/// Driven by libFuzzer in fuzz/ (scripts/fuzz) and, with a few thousand changed inputs, by the
/// tests. A parser of another module adds its own list.
enum FuzzTargets {
    static let all: [FuzzTarget] = [
        FuzzTarget(name: "command-line") { line in
            verdictViolation(PlatformFindings(commandLine: line))
        },
        FuzzTarget(name: "dialect", violation: dialectViolation),
        FuzzTarget(name: "fw-cfg") { bytes in
            var platform = PlatformFindings(commandLine: [])
            platform.firmwareTable = bytes
            return verdictViolation(platform)
        },
        FuzzTarget(name: "smbios") { bytes in
            var platform = PlatformFindings(commandLine: [])
            platform.smbios = [bytes]
            if let violation = verdictViolation(platform) { return violation }
            // The same as a table of several.
            platform.smbios = SMBIOSTable(bytes: bytes).oemStrings
            guard platform.smbios.joined().count <= bytes.count else { return "bytes from nowhere" }
            return verdictViolation(platform)
        },
        FuzzTarget(name: "seed") { bytes in
            // Two files of one disk, parted by the first NUL.
            let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
            var platform = PlatformFindings(commandLine: [])
            platform.seeds = [
                SeedDiskSource(
                    format: bytes.count % 2 == 0 ? .noCloud : .configDrive,
                    metaData: Bytes(parts[0]), userData: parts.count > 1 ? Bytes(parts[1]) : nil)
            ]
            return verdictViolation(platform)
        },
        FuzzTarget(name: "xenstore", violation: xenstoreViolation),
        FuzzTarget(name: "metadata", violation: metadataViolation),
    ]

    private static let baked = Bytes("{\"cmdline\":\"/bin/a\",\"env\":{\"A\":\"1\"}}")

    /// A verdict is printable lines, and an error has a place or a reason for none.
    private static func verdictViolation(_ platform: PlatformFindings) -> String? {
        let verdict = ConfigurationVerdict.text(
            configuration: baked, platform: platform, strictness: .booting)
        guard verdict.last == 0x0a else { return "a verdict without an end" }
        return verdict.allSatisfy { ($0 >= 0x20 && $0 != 0x7f) || $0 == 0x0a }
            ? nil : "a control byte in a verdict"
    }

    /// What reads as a configuration reads the same from the strict text it comes to; what does not
    /// has its place inside the text.
    private static func dialectViolation(_ bytes: Bytes) -> String? {
        let settings: SourceSettings
        do throws(ConfigurationError) {
            settings = try JSONFileSource.baked(bytes).settings()
        } catch {
            guard let position = error.position else { return "an error without a place" }
            let lineCount = bytes.count { $0 == 0x0a } + 1
            return position.line <= lineCount ? nil : "an error behind the end of the text"
        }
        for place in settings.overrides {
            let strict = place.patch.prettyText
            guard let again = try? JSONValue.parse(strict, file: []) else {
                return "the strict text of it does not parse"
            }
            if again.compactText != place.patch.compactText { return "the strict text differs" }
        }
        guard let effective = try? EffectiveConfiguration([settings], .booting) else { return nil }
        let old = RumprunText(effective.value)
        if !old.losses.isEmpty || !effective.warnings.isEmpty { return nil }
        guard (try? JSONFileSource.baked(old.text).settings()) != nil else {
            return "what is written for rumprun does not read"
        }
        return nil
    }

    /// Messages come back as they were; the value of one is a source.
    private static func xenstoreViolation(_ bytes: Bytes) -> String? {
        guard let message = try? XenstoreMessage.parse(bytes) else { return nil }
        guard (try? XenstoreMessage.parse(message.bytes)) == message else {
            return "a message does not come back"
        }
        guard let value = try? message.value(asked: message.requestNumber) else { return nil }
        var platform = PlatformFindings(commandLine: [])
        platform.xenstore = value
        return verdictViolation(platform)
    }

    /// An answer that is complete stays what it is when more bytes come.
    private static func metadataViolation(_ bytes: Bytes) -> String? {
        let half = Bytes(bytes.prefix(bytes.count / 2))
        let early = try? HTTPResponse.parse(half, isClosed: false)
        let whole = try? HTTPResponse.parse(bytes, isClosed: true)
        if let early, early != whole { return "more bytes make another answer of a complete one" }
        guard let whole else { return nil }
        for service in [MetadataExchange.Service.ec2, .gcp] {
            var exchange = MetadataExchange(service)
            let outcome = try? exchange.take(whole)
            let lineCount = exchange.request.split(separator: 0x0a).count
            guard lineCount <= 8 else { return "an answer adds lines to the next request" }
            guard case .found(let body) = outcome else { continue }
            var platform = PlatformFindings(commandLine: [])
            if service == .gcp { platform.gcp = body } else { platform.ec2 = body }
            if let violation = verdictViolation(platform) { return violation }
        }
        return nil
    }
}
