import Foundation
import Testing

@testable import BakeContract
@testable import bake_init

/// Against a daemon of recorded messages at the other end of a socket pair: there is no Xen here.
@Suite struct XenstoreTests {
    /// What xenstored answers to a read: header and value as Xen's public/io/xs_wire.h has them.
    private static func reply(_ kind: UInt8, number: UInt8 = 1, _ value: String) -> Bytes {
        [
            kind, 0, 0, 0, number, 0, 0, 0, 0, 0, 0, 0, UInt8(value.utf8.count), 0, 0, 0,
        ] + value.bytes
    }

    /// Answers in pieces, each written by itself; returns what was asked and what came of it.
    private func ask(
        _ pieces: [Bytes], closes: Bool = false
    ) throws -> (asked: Bytes, outcome: Result<Bytes?, SourceError>) {
        var pair: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
        let daemon = pair[1]
        for piece in pieces { _ = write(daemon, piece, piece.count) }
        if closes { shutdown(daemon, Int32(SHUT_WR)) }
        let connection = XenstoreConnection(
            over: FileDescriptor(adopting: pair[0]), patienceMilliseconds: 50)
        let outcome: Result<Bytes?, SourceError>
        do throws(SourceError) {
            outcome = .success(try connection.value(of: XenstoreSource.key))
        } catch {
            outcome = .failure(error)
        }
        var asked = Bytes(repeating: 0, count: 256)
        let count = read(daemon, &asked, asked.count)
        close(daemon)
        return (Bytes(asked.prefix(count)), outcome)
    }

    @Test func aValueIsReadThroughTheWire() throws {
        let reply = Self.reply(2, "{\"hostname\":\"xen\"}")
        let (asked, outcome) = try ask([reply])
        #expect(
            asked == [2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0] + "rumprun/cfg\0".bytes)
        #expect(try outcome.get() == "{\"hostname\":\"xen\"}".bytes)
        let pieces = [Bytes(reply[..<5]), Bytes(reply[5..<20]), Bytes(reply[20...])]
        #expect(try ask(pieces).outcome.get() == "{\"hostname\":\"xen\"}".bytes)
    }

    @Test func noSuchKeyIsNothing() throws {
        #expect(try ask([Self.reply(16, "ENOENT\0")]).outcome.get() == nil)
    }

    @Test func everythingElseIsAnError() throws {
        for (pieces, closes, message) in [
            ([Self.reply(16, "EACCES\0")], false, "Xenstore refuses to tell: EACCES"),
            ([Self.reply(2, number: 9, "x")], false, "Xenstore answered request 9"),
            ([Self.reply(15, "x")], false, "Xenstore answered with a message of type 15"),
            ([Bytes(Self.reply(2, "cut").dropLast())], true, "Xenstore ended the conversation"),
            ([], false, "Xenstore did not answer within"),
        ] as [([Bytes], Bool, String)] {
            guard case .failure(let error) = try ask(pieces, closes: closes).outcome else {
                Issue.record("no error: \(message)")
                continue
            }
            #expect(error.description.hasPrefix(message), "\(error.description)")
        }
    }

    @Test func onlyUnderXen() throws {
        let system = RecordingSystem()
        system.files["/sys/hypervisor/type"] = "kvm\n".bytes
        var findings = PlatformFindings(commandLine: [])
        try Xenstore().find(on: system, into: &findings)
        system.files["/sys/hypervisor/type"] = "xen\n".bytes
        try Xenstore().find(on: system, into: &findings)
        #expect(findings.xenstore == nil)
    }
}
