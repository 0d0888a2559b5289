// /etc/resolv.conf, resolv.conf(5), from what the network said.

import BakeContract
import CGuest

enum ResolverFileOutcome: Equatable, Sendable {
    case written
    /// The tree brings name servers of its own, or a symbolic link to somebody's.
    case keptTheTreesOwn
    /// The root is mounted read-only.
    case readOnly
    /// There is nothing to write: no name server is known.
    case noNameServers
    case failed(errno: Errno)

    var description: String {
        switch self {
        case .written: "wrote /etc/resolv.conf"
        case .keptTheTreesOwn: "left the tree's own /etc/resolv.conf alone"
        case .readOnly: "cannot write /etc/resolv.conf: the root is read-only"
        case .noNameServers: "no name server is known"
        case .failed(let errno):
            "cannot write /etc/resolv.conf: \(errno.text)"
        }
    }
}

/// The first line of what we write, by which a later call knows its own work.
private let mark = "# Written by bake from what the network said.\n"

/// What resolv.conf says, as text: `10.0.0.1`, `fe80::1%eth0`. The first come first.
struct Resolver: Equatable, Sendable {
    /// resolv.conf(5) reads three name servers and no more, and older C libraries six domains.
    private static let longestServerList = 3
    private static let longestDomainList = 6

    private(set) var nameServers: [Bytes] = []
    private(set) var searchDomains: [Bytes] = []

    /// `zone` is the interface by which a link-local address is meant.
    mutating func add(_ server: IPAddress, zone: Bytes) {
        var text = server.text
        if case .v6(let address) = server, address.isLinkLocal {
            text += [UInt8(ascii: "%")] + zone
        }
        guard nameServers.count < Self.longestServerList, !nameServers.contains(text) else {
            return
        }
        nameServers.append(text)
    }

    mutating func add(domain: Bytes) {
        guard searchDomains.count < Self.longestDomainList, !searchDomains.contains(domain) else {
            return
        }
        searchDomains.append(domain)
    }

    /// The file's text.
    var text: Bytes {
        var text = mark.bytes
        if !searchDomains.isEmpty {
            text += "search".bytes
            for domain in searchDomains { text += [UInt8(ascii: " ")] + domain }
            text.append(UInt8(ascii: "\n"))
        }
        for server in nameServers {
            text += "nameserver ".bytes + server + [UInt8(ascii: "\n")]
        }
        return text
    }
}

/// Bytes; a longer file is somebody's own.
private let longestDefault = 4096

/// Pure: whether a file with this text may be replaced. It may when it sets nothing (blank lines
/// and comments only, as the one of defaults-etc) or when we wrote it.
func resolverFileIsOurs(_ text: Bytes) -> Bool {
    if text.starts(with: mark.utf8) { return true }
    for line in text.split(separator: UInt8(ascii: "\n")) {
        let first = line.first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
        if let first, first != UInt8(ascii: "#"), first != UInt8(ascii: ";") { return false }
    }
    return true
}

/// Writes `<root>/etc/resolv.conf` where that is not the user's own file. `root` is where the
/// tree is mounted: empty for `/`.
func writeResolverFile(_ resolver: Resolver, under root: Bytes) -> ResolverFileOutcome {
    guard !resolver.nameServers.isEmpty else { return .noNameServers }
    do throws(Errno) {
        // Not through symbolic links: they belong to resolvconf, systemd-resolved and their like.
        let file = try FileDescriptor(
            opening: root + "/etc/resolv.conf".bytes,
            O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, mode: 0o644)
        let old = try file.read(limit: longestDefault)
        guard old.count < longestDefault, resolverFileIsOurs(old) else { return .keptTheTreesOwn }
        try checked { ftruncate(file.number, 0) }
        try checked { lseek(file.number, 0, SEEK_SET) }
        try file.write(all: resolver.text)
        return .written
    } catch {
        switch error.code {
        case ELOOP: return .keptTheTreesOwn
        case EROFS: return .readOnly
        default: return .failed(errno: error)
        }
    }
}
