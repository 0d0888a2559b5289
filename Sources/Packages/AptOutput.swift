internal import BakeContract

/// What `apt-get --simulate install` would install, sorted: "Inst NAME[:ARCH] (VERSION SUITE...
/// [ARCH])" each. A package may be spoken of more than once.
func installedPackages(simulation: String) -> [DebianPackage] {
    var packages: Set<DebianPackage> = []
    for line in simulation.split(separator: "\n") where line.hasPrefix("Inst ") {
        let words = line.split(separator: " ")
        guard words.count > 3, words[2].hasPrefix("("),
            let bracket = words.first(where: { $0.hasPrefix("[") && $0.hasSuffix("])") })
        else { continue }
        let name = words[1].prefix { $0 != ":" }
        packages.insert(
            DebianPackage(
                name: String(name), version: String(words[2].dropFirst()),
                architecture: String(bracket.dropFirst().dropLast(2))))
    }
    return packages.sorted()
}

/// A package as the lists describe it.
struct PackageRecord: Equatable {
    let package: DebianPackage
    /// Of the package file, in hexadecimal.
    let sha256: String
    /// Of the package file.
    let byteCount: Int
    /// Unpacked, by the packager's account.
    let installedByteCount: Int
    /// The whole stanza, without a line break at its end.
    let stanza: String

    /// For the package file, a copy of it in the tree being made, what is in it, and an archive
    /// of that.
    var neededByteCount: Int { 2 * byteCount + 2 * installedByteCount }

    /// The stanza for a repository that has the file beside it.
    var repositoryStanza: String {
        let lines = stanza.split(separator: "\n").map { line in
            line.hasPrefix("Filename:") ? "Filename: ./\(package.fileName)" : String(line)
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// What `apt-cache show` prints, by package.
func packageRecords(_ text: String) -> [DebianPackage: PackageRecord] {
    var records: [DebianPackage: PackageRecord] = [:]
    var stanza: [Substring] = []
    var lines: [Substring] = text.split(separator: "\n", omittingEmptySubsequences: false)
    lines.append("")
    for line in lines {
        if !line.isEmpty {
            stanza.append(line)
            continue
        }
        if let record = PackageRecord(stanza) { records[record.package] = record }
        stanza = []
    }
    return records
}

extension PackageRecord {
    init?(_ lines: [Substring]) {
        func field(_ name: String) -> String? {
            lines.first { $0.hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
        }
        guard let name = field("Package"), let version = field("Version"),
            let architecture = field("Architecture"), let sha256 = field("SHA256"),
            let byteCount = field("Size").flatMap({ Int($0) })
        else { return nil }
        package = DebianPackage(name: name, version: version, architecture: architecture)
        self.sha256 = sha256
        self.byteCount = byteCount
        // deb-control(5): in KiB. Capped so that sums fit.
        installedByteCount = 1024 * min(field("Installed-Size").flatMap { Int($0) } ?? 0, 1 << 40)
        stanza = lines.joined(separator: "\n")
    }
}

func nearestName(to name: String, among known: [[UInt8]]) -> String? {
    nearest(to: Array(name.utf8), among: known).map { String(decoding: $0, as: UTF8.self) }
}
