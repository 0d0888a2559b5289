// One exchange of bytes over TCP, for a cloud's metadata server: connect, send, read, close. What
// the bytes say is no concern of this file.

import BakeContract
import CGuest

struct TCPEndpoint: Equatable, Sendable {
    var address: IPv4Address
    var port: UInt16

    /// Where EC2, GCP and most others answer (RFC 3927 has the range).
    static let metadata = TCPEndpoint(address: IPv4Address(bits: 0xa9fe_a9fe), port: 80)

    var description: String { "\(address.description):\(port)" }
}

enum ExchangeError: Error, Equatable, Sendable {
    /// What the other end was waited for to do.
    enum Step: Equatable, Sendable {
        case takeConnection, takeRequest, answer

        var description: String {
            switch self {
            case .takeConnection: "take the connection"
            case .takeRequest: "take the request"
            case .answer: "answer"
            }
        }
    }

    case cannotConnect(TCPEndpoint, Errno)
    case cannotSend(TCPEndpoint, Errno)
    case cannotReceive(TCPEndpoint, Errno)
    case timedOut(TCPEndpoint, step: Step, milliseconds: Milliseconds)
    case tooLong(TCPEndpoint, limitByteCount: Int)

    var description: String {
        switch self {
        case .cannotConnect(let endpoint, let errno):
            "cannot connect to \(endpoint.description): \(errno.text)"
        case .cannotSend(let endpoint, let errno):
            "cannot send to \(endpoint.description): \(errno.text)"
        case .cannotReceive(let endpoint, let errno):
            "cannot read from \(endpoint.description): \(errno.text)"
        case .timedOut(let endpoint, let step, let milliseconds):
            "\(endpoint.description) did not \(step.description) within \(milliseconds) ms"
        case .tooLong(let endpoint, let limit):
            "the answer of \(endpoint.description) is longer than \(limit) bytes"
        }
    }
}

struct HTTPExchange {
    var endpoint = TCPEndpoint.metadata
    /// For all of it, from connecting to the last byte.
    var timeoutMilliseconds: Milliseconds = 2000
    var limitByteCount = 1 << 20

    /// Sends a whole request and returns what came back: everything up to the end of the
    /// connection, or less once `isComplete` says that this is all, for servers that keep it open.
    func answer(
        to request: Bytes, isComplete: (Bytes) -> Bool = { _ in false }
    ) throws(ExchangeError) -> Bytes {
        let end = LeaseKeeper.now() + timeoutMilliseconds
        let connection = try connect(until: end)
        try send(request, through: connection, until: end)
        return try receive(through: connection, until: end, isComplete)
    }

    private func connect(until end: Milliseconds) throws(ExchangeError) -> FileDescriptor {
        let number = guest_socket(AF_INET, guest_SOCK_STREAM_NONBLOCK_CLOEXEC, 0)
        guard number >= 0 else { throw .cannotConnect(endpoint, .last) }
        let connection = FileDescriptor(adopting: number)
        var address = internetAddress(endpoint.address, port: endpoint.port)
        let result = guest_connect(number, &address, socklen_t(MemoryLayout<sockaddr_in>.size))
        if result == 0 { return connection }
        guard Errno.last.code == EINPROGRESS else { throw .cannotConnect(endpoint, .last) }
        try wait(for: POLLOUT, on: connection, until: end, .takeConnection)
        let outcome = pendingError(of: connection)
        guard outcome.code == 0 else { throw .cannotConnect(endpoint, outcome) }
        return connection
    }

    /// What became of a connect(2) that had not ended.
    private func pendingError(of connection: borrowing FileDescriptor) -> Errno {
        var code: Int32 = 0
        var byteCount = socklen_t(4)
        guard getsockopt(connection.number, SOL_SOCKET, SO_ERROR, &code, &byteCount) == 0 else {
            return .last
        }
        return Errno(code)
    }

    private func send(
        _ request: Bytes, through connection: borrowing FileDescriptor, until end: Milliseconds
    ) throws(ExchangeError) {
        var sentCount = 0
        while sentCount < request.count {
            try wait(for: POLLOUT, on: connection, until: end, .takeRequest)
            let number = connection.number
            do throws(Errno) {
                // A server that closes first must not end PID 1 by a signal.
                sentCount += try checked {
                    request.withUnsafeBytes {
                        CGuest.send(
                            number, $0.baseAddress! + sentCount, request.count - sentCount,
                            Int32(MSG_NOSIGNAL))
                    }
                }
            } catch {
                if error.code != EAGAIN { throw .cannotSend(endpoint, error) }
            }
        }
    }

    private func receive(
        through connection: borrowing FileDescriptor, until end: Milliseconds,
        _ isComplete: (Bytes) -> Bool
    ) throws(ExchangeError) -> Bytes {
        var answer: Bytes = []
        var chunk = Bytes(repeating: 0, count: 1 << 14)
        while true {
            try wait(for: POLLIN, on: connection, until: end, .answer)
            let number = connection.number
            var byteCount = 0
            do throws(Errno) {
                byteCount = try checked {
                    chunk.withUnsafeMutableBytes { recv(number, $0.baseAddress, $0.count, 0) }
                }
            } catch {
                if error.code == EAGAIN { continue }
                throw .cannotReceive(endpoint, error)
            }
            answer += chunk[..<byteCount]
            guard answer.count <= limitByteCount else {
                throw .tooLong(endpoint, limitByteCount: limitByteCount)
            }
            if byteCount == 0 || isComplete(answer) { return answer }
        }
    }

    private func wait(
        for events: Int32, on connection: borrowing FileDescriptor, until end: Milliseconds,
        _ step: ExchangeError.Step
    ) throws(ExchangeError) {
        while true {
            let now = LeaseKeeper.now()
            guard now < end else {
                throw .timedOut(endpoint, step: step, milliseconds: timeoutMilliseconds)
            }
            var set = PollSet()
            let index = set.add(connection.number, events)
            set.wait(milliseconds: end - now)
            if set.answer(index) != 0 { return }
        }
    }
}
