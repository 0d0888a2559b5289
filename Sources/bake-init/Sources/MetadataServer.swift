import BakeContract
import CGuest

/// A cloud's metadata server, asked over a network that is up.
struct MetadataServer {
    var endpoint = TCPEndpoint.metadata
    /// Of one request; a server that is not there yet is asked again.
    var attemptMilliseconds: Milliseconds = 2000
    private static let pauseMicroseconds: UInt32 = 200_000

    /// What the server has for this machine; nil for nothing. Asks until the time is over, as long
    /// as what goes wrong may pass.
    func fetch(
        _ service: MetadataExchange.Service, within timeoutSeconds: Int
    ) throws(SourceError) -> Bytes? {
        let end = LeaseKeeper.now() + Milliseconds(max(timeoutSeconds, 0)) * 1000
        while true {
            do throws(SourceError) {
                return try converse(service, until: end)
            } catch {
                guard error.mayPass, LeaseKeeper.now() + 200 < end else { throw error }
                usleep(Self.pauseMicroseconds)
            }
        }
    }

    private func converse(
        _ service: MetadataExchange.Service, until end: Milliseconds
    ) throws(SourceError) -> Bytes? {
        var exchange = MetadataExchange(service)
        while true {
            let response = try answer(to: exchange.request, until: end)
            let outcome: MetadataExchange.Outcome
            do {
                outcome = try exchange.take(response)
            } catch {
                throw .metadata(error)
            }
            switch outcome {
            case .ask: continue
            case .found(let text): return text
            case .nothing: return nil
            }
        }
    }

    private func answer(
        to request: Bytes, until end: Milliseconds
    ) throws(SourceError) -> HTTPResponse {
        let now = LeaseKeeper.now()
        let remaining = end > now ? end - now : 1
        let bytes: Bytes
        do {
            bytes = try HTTPExchange(
                endpoint: endpoint, timeoutMilliseconds: min(attemptMilliseconds, remaining),
                limitByteCount: HTTPResponse.headByteCountLimit + HTTPResponse.bodyByteCountLimit
            ).answer(to: request, isComplete: Self.isComplete)
        } catch {
            throw .exchange(error)
        }
        do throws(HTTPProblem) {
            guard let response = try HTTPResponse.parse(bytes, isClosed: true) else { throw .cut }
            return response
        } catch {
            throw .answer(error)
        }
    }

    /// Whether nothing more is to come, or nothing more would help.
    private static func isComplete(_ bytes: Bytes) -> Bool {
        do throws(HTTPProblem) {
            return try HTTPResponse.parse(bytes, isClosed: false) != nil
        } catch {
            return true
        }
    }
}

extension SourceError {
    /// The link has just come up, or the server is as new as this machine.
    fileprivate var mayPass: Bool {
        switch self {
        case .exchange(.tooLong): false
        case .exchange, .answer(.cut): true
        case .metadata(.status(let status)): status == 429 || status >= 500
        default: false
        }
    }
}
