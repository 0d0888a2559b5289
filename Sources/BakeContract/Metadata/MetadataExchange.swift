/// The conversation with a cloud's metadata server at 169.254.169.254, port 80: what to send, what
/// an answer means. Every request has a connection of its own (`Connection: close`); the caller
/// sends `request`, gives what came back to `HTTPResponse.parse`, and the result to `take`.
///
/// - EC2, IMDSv2: a token by PUT /latest/api/token, then GET /latest/user-data with it.
/// - GCP: GET /computeMetadata/v1/instance/attributes/bake-config with `Metadata-Flavor: Google`,
///   which the answer must have as well.
public struct MetadataExchange: Equatable, Sendable {
    public enum Service: Equatable, Sendable {
        case ec2
        case gcp
    }

    public enum Outcome: Equatable, Sendable {
        /// Send the new `request`.
        case ask
        case found(Bytes)
        /// The server is there and has nothing for us.
        case nothing
    }

    /// 169.254.169.254 of both clouds, link-local so that no router passes it on.
    public static let address = IPv4Address(bits: 0xa9fe_a9fe)
    public static let port = 80

    public let service: Service
    /// The bytes to send next.
    public private(set) var request: Bytes
    private var hasToken = false

    public init(_ service: Service) {
        self.service = service
        request =
            switch service {
            case .ec2:
                Self.request(
                    "PUT /latest/api/token",
                    [
                        "Host: 169.254.169.254", "X-aws-ec2-metadata-token-ttl-seconds: 60",
                        "Content-Length: 0",
                    ])
            case .gcp:
                Self.request(
                    "GET /computeMetadata/v1/instance/attributes/bake-config",
                    ["Host: metadata.google.internal", "Metadata-Flavor: Google"])
            }
    }

    public mutating func take(_ response: HTTPResponse) throws(MetadataProblem) -> Outcome {
        switch service {
        case .ec2 where !hasToken:
            guard response.status == 200 else { throw .status(response.status) }
            try useToken(response.body)
            return .ask
        case .gcp where response["metadata-flavor"]?.equals("Google") != true:
            throw .notGoogle
        case .ec2, .gcp:
            switch response.status {
            case 200: return .found(response.body)
            case 404, 204: return .nothing
            default: throw .status(response.status)
            }
        }
    }

    /// A token goes back as it came, inside a field: visible characters only.
    private mutating func useToken(_ token: Bytes) throws(MetadataProblem) {
        guard !token.isEmpty, token.count <= 1024, token.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
        else { throw .badToken }
        hasToken = true
        request = Self.request(
            "GET /latest/user-data",
            ["Host: 169.254.169.254", "X-aws-ec2-metadata-token: \(token.text)"])
    }

    private static func request(_ line: String, _ fields: [String]) -> Bytes {
        var text = Bytes("\(line) HTTP/1.1\r\n")
        for field in fields { text += Bytes("\(field)\r\n") }
        return text + Bytes("User-Agent: bake\r\nAccept: */*\r\nConnection: close\r\n\r\n")
    }
}

/// Why a metadata server's answer cannot be used.
public enum MetadataProblem: Error, Equatable, Sendable {
    case status(Int)
    case badToken
    case notGoogle
}

extension MetadataProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .status(let status): "the metadata server answers with status \(status)"
        case .badToken: "the metadata server's token is no token"
        case .notGoogle: "the metadata server is not Google's: 'Metadata-Flavor' is missing"
        }
    }
}
