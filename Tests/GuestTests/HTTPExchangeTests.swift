import Foundation
import TestSupport
import Testing

@testable import BakeContract
@testable import bake_init

/// Against a server of the loopback interface that does what a test tells it.
@Suite struct HTTPExchangeTests {
    private let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n".bytes

    @Test func bytesGoThereAndComeBack() throws {
        let server = try Server { connection in
            var got: Bytes = []
            while !got.suffix(4).elementsEqual("\r\n\r\n".bytes) {
                got += Server.read(from: connection)
            }
            Server.write("HTTP/1.1 200 OK\r\n\r\n".bytes + got, to: connection)
        }
        let answer = try server.exchange().answer(to: request)
        #expect(answer == "HTTP/1.1 200 OK\r\n\r\n".bytes + request)
    }

    /// The server keeps the connection open; the caller knows when it has all.
    @Test func theCallerMayKnowTheEnd() throws {
        let server = try Server { connection in
            Server.write("whole".bytes, to: connection)
            while !Server.read(from: connection).isEmpty {}
        }
        let answer = try server.exchange().answer(to: request) { $0.count >= 5 }
        #expect(answer == "whole".bytes)
    }

    @Test func whatGoesWrongIsNamed() throws {
        let silent = try Server { connection in
            while !Server.read(from: connection).isEmpty {}
        }
        let endpoint = silent.exchange(milliseconds: 50).endpoint
        #expect(
            message(silent.exchange(milliseconds: 50))
                == "\(endpoint.description) did not answer within 50 ms")

        let talkative = try Server { connection in
            Server.write(Bytes(repeating: 65, count: 2000), to: connection)
        }
        var limited = talkative.exchange()
        limited.limitByteCount = 1000
        #expect(
            message(limited)
                == "the answer of \(limited.endpoint.description) is longer than 1000 bytes")

        let nobody = try Server.unusedPort()
        var refused = HTTPExchange()
        refused.endpoint = TCPEndpoint(address: IPv4Address(bits: 0x7f00_0001), port: nobody)
        #expect(
            message(refused) == "cannot connect to 127.0.0.1:\(nobody): Connection refused")
    }

    private func message(_ exchange: HTTPExchange) -> String? {
        do throws(ExchangeError) {
            _ = try exchange.answer(to: request)
            return nil
        } catch {
            return error.description
        }
    }
}

/// Takes one connection on the loopback interface and lets a closure serve it.
private final class Server {
    private let port: UInt16

    init(_ serve: @escaping @Sendable (Int32) -> Void) throws {
        let (listener, port) = try Loopback.bound()
        self.port = port
        guard listen(listener, 1) == 0 else { throw TestFailure("listen: errno \(errno)") }
        Thread {
            let connection = accept(listener, nil, nil)
            close(listener)
            guard connection >= 0 else { return }
            serve(connection)
            close(connection)
        }.start()
    }

    func exchange(milliseconds: Milliseconds = 10_000) -> HTTPExchange {
        HTTPExchange(
            endpoint: TCPEndpoint(address: IPv4Address(bits: 0x7f00_0001), port: port),
            timeoutMilliseconds: milliseconds)
    }

    /// Bound once, so that it was free a moment ago.
    static func unusedPort() throws -> UInt16 {
        let (socket, port) = try Loopback.bound()
        close(socket)
        return port
    }

    static func read(from connection: Int32) -> Bytes {
        var buffer = Bytes(repeating: 0, count: 4096)
        let count = recv(connection, &buffer, buffer.count, 0)
        return Bytes(buffer.prefix(max(count, 0)))
    }

    static func write(_ bytes: Bytes, to connection: Int32) {
        _ = send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }
}
