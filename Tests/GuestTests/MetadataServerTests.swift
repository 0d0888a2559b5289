import Foundation
import Synchronization
import TestSupport
import Testing

@testable import BakeContract
@testable import bake_init

/// Against a server of the loopback interface: one answer for each connection, in their order.
@Suite struct MetadataServerTests {
    private func ok(_ body: String, _ fields: String = "") -> Bytes {
        "HTTP/1.1 200 OK\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)".bytes
    }

    private func status(_ status: Int) -> Bytes {
        "HTTP/1.1 \(status) Status\r\nMetadata-Flavor: Google\r\nContent-Length: 0\r\n\r\n".bytes
    }

    @Test func ec2WantsATokenFirst() throws {
        let server = try AnsweringServer([ok("TOKEN"), ok("{}")])
        #expect(try server.client.fetch(.ec2, within: 10) == "{}".bytes)
        let requests = server.requests
        #expect(requests.count == 2)
        #expect(requests[0].hasPrefix("PUT /latest/api/token HTTP/1.1\r\n"))
        #expect(requests[1].hasPrefix("GET /latest/user-data HTTP/1.1\r\n"))
        #expect(requests[1].contains("X-aws-ec2-metadata-token: TOKEN\r\n"))
        let none = try AnsweringServer([ok("TOKEN"), status(404)])
        #expect(try none.client.fetch(.ec2, within: 10) == nil)
    }

    @Test func gcpIsKnownByItsFlavor() throws {
        let server = try AnsweringServer([ok("{}", "Metadata-Flavor: Google\r\n")])
        #expect(try server.client.fetch(.gcp, within: 10) == "{}".bytes)
        #expect(server.requests[0].contains("\r\nMetadata-Flavor: Google\r\n"))
        #expect(message(try AnsweringServer([ok("{}")]), .gcp)?.contains("not Google's") == true)
    }

    @Test func whatMayPassIsAskedAgain() throws {
        let server = try AnsweringServer([
            status(503), "HTTP/1.1 200 OK\r\nContent-Le".bytes, ok("TOKEN"), ok("{}"),
        ])
        #expect(try server.client.fetch(.ec2, within: 10) == "{}".bytes)
        #expect(server.requests.count == 4)
    }

    @Test func whatDoesNotPassIsTold() throws {
        let forbidden = try AnsweringServer([status(403)])
        #expect(message(forbidden, .ec2) == "the metadata server answers with status 403")
        #expect(forbidden.requests.count == 1)
        let speechless = try AnsweringServer(["SSH-2.0-x\r\n\r\n".bytes])
        #expect(message(speechless, .ec2) == "the server does not speak HTTP/1")
    }

    @Test func timeIsLimited() throws {
        let silent = try AnsweringServer([])
        var client = silent.client
        client.attemptMilliseconds = 100
        let error = #expect(throws: SourceError.self) { try client.fetch(.gcp, within: 1) }
        // The last attempt has what is left of the second.
        #expect(
            error?.description.hasPrefix("\(client.endpoint.description) did not answer within ")
                == true)
    }

    private func message(
        _ server: AnsweringServer, _ service: MetadataExchange.Service
    ) -> String? {
        do throws(SourceError) {
            _ = try server.client.fetch(service, within: 10)
            return nil
        } catch {
            return error.description
        }
    }
}

/// Takes connections on the loopback interface, one after the other; with no answer left it listens
/// and says nothing.
private final class AnsweringServer: Sendable {
    private let listener: Int32
    private let port: UInt16
    private let received = Mutex<[String]>([])

    var requests: [String] { received.withLock { $0 } }

    var client: MetadataServer {
        MetadataServer(
            endpoint: TCPEndpoint(address: IPv4Address(bits: 0x7f00_0001), port: port))
    }

    init(_ answers: [Bytes]) throws {
        (listener, port) = try Loopback.bound()
        guard listen(listener, 8) == 0 else { throw TestFailure("cannot listen: errno \(errno)") }
        Thread { [self] in
            for answer in answers { serve(answer) }
        }.start()
    }

    deinit { close(listener) }

    private func serve(_ answer: Bytes) {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { return }
        defer { close(connection) }
        var request: Bytes = []
        var buffer = Bytes(repeating: 0, count: 4096)
        while !request.suffix(4).elementsEqual("\r\n\r\n".bytes) {
            let count = recv(connection, &buffer, buffer.count, 0)
            if count <= 0 { return }
            request += buffer[..<count]
        }
        received.withLock { $0.append(request.text) }
        _ = send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
    }
}
