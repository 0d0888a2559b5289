import BakeContract
import Testing

@Suite("Metadata servers")
struct MetadataTests {
    @Test(
        "answers, whole and in pieces",
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 200, "abc"),
            ("HTTP/1.1 200\r\ncontent-length:0\r\n\r\n", 200, ""),
            ("HTTP/1.0 404 Not Found\r\n\r\nwhatever", 404, "whatever"),
            ("HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
            ("HTTP/1.1 200 OK\nContent-Length: 1\n\na", 200, "a"),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n",
                200, "abc"
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\nT: x\r\n\r\n",
                200, "0123456789"
            ),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab", 200, "ab"),
        ])
    func answers(text: String, status: Int, body: String) throws {
        let bytes = Bytes(text)
        let whole = try #require(try HTTPResponse.parse(bytes, isClosed: true))
        #expect(whole.status == status)
        #expect(whole.body.text == body)
        for count in 0..<bytes.count {
            let part = try HTTPResponse.parse(Bytes(bytes.prefix(count)), isClosed: false)
            #expect(part == nil || part == whole)
        }
    }

    @Test(
        "answers that are none",
        arguments: [
            ("", HTTPProblem.cut), ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", .cut),
            ("SSH-2.0-OpenSSH\r\n\r\n", .notHTTP), ("HTTP/2 200\r\n\r\n", .notHTTP),
            ("HTTP/1.1 2x0 OK\r\n\r\n", .notHTTP), ("HTTP/1.1 099 OK\r\n\r\n", .notHTTP),
            ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", .badField),
            ("HTTP/1.1 200 OK\r\n folded: x\r\n\r\n", .badField),
            ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", .badLength),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", .badLength),
            ("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n", .bodyTooLong),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n", .bodyTooLong),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", .unknownCoding),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", .badChunk),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", .badChunk),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n", .bodyTooLong),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n", .badChunk),
        ])
    func refusals(text: String, expected: HTTPProblem) {
        #expect(throws: expected) { try HTTPResponse.parse(Bytes(text), isClosed: true) }
    }

    @Test("an endless head or body is not waited for")
    func limits() {
        let head = Bytes("HTTP/1.1 200 OK\r\n" + String(repeating: "a: b\r\n", count: 4000))
        #expect(throws: HTTPProblem.headTooLong) { try HTTPResponse.parse(head, isClosed: false) }
        let body = Bytes("HTTP/1.0 200 OK\r\n\r\n") + Bytes(repeating: 65, count: (1 << 20) + 1)
        #expect(throws: HTTPProblem.bodyTooLong) { try HTTPResponse.parse(body, isClosed: false) }
    }

    @Test("EC2: a token first, then the user data with it")
    func ec2() throws {
        var exchange = MetadataExchange(.ec2)
        #expect(exchange.request.text.hasPrefix("PUT /latest/api/token HTTP/1.1\r\n"))
        #expect(exchange.request.text.contains("X-aws-ec2-metadata-token-ttl-seconds: 60\r\n"))
        #expect(try exchange.take(answer(200, "AQAA==")) == .ask)
        #expect(exchange.request.text.hasPrefix("GET /latest/user-data HTTP/1.1\r\n"))
        #expect(exchange.request.text.contains("X-aws-ec2-metadata-token: AQAA==\r\n"))
        #expect(exchange.request.text.hasSuffix("Connection: close\r\n\r\n"))
        #expect(try exchange.take(answer(200, "{}")) == .found(Bytes("{}")))
        #expect(try exchange.take(answer(404, "none")) == .nothing)
        #expect(throws: MetadataProblem.status(401)) { try exchange.take(answer(401, "")) }
    }

    @Test("a token cannot write the next request", arguments: ["", "a b", "a\r\nX: y", "é"])
    func badToken(token: String) {
        var exchange = MetadataExchange(.ec2)
        #expect(throws: MetadataProblem.badToken) { try exchange.take(answer(200, token)) }
    }

    @Test("GCP: one question, and an answer that says whose it is")
    func gcp() throws {
        var exchange = MetadataExchange(.gcp)
        #expect(
            exchange.request.text.hasPrefix(
                "GET /computeMetadata/v1/instance/attributes/bake-config HTTP/1.1\r\n"))
        #expect(exchange.request.text.contains("Metadata-Flavor: Google\r\n"))
        let google = "Metadata-Flavor: Google\r\n"
        #expect(try exchange.take(answer(200, "{}", google)) == .found(Bytes("{}")))
        #expect(try exchange.take(answer(404, "", google)) == .nothing)
        #expect(throws: MetadataProblem.notGoogle) { try exchange.take(answer(200, "{}")) }
        #expect(MetadataExchange.address.description == "169.254.169.254")
    }

    private func answer(_ status: Int, _ body: String, _ fields: String = "") throws -> HTTPResponse
    {
        let bytes = Bytes("HTTP/1.1 \(status) X\r\n\(fields)\r\n\(body)")
        return try #require(try HTTPResponse.parse(bytes, isClosed: true))
    }
}
