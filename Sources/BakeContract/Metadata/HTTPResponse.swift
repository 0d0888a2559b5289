/// An answer of a metadata server: HTTP/1.1 (RFC 9112) as far as such servers speak it. Read from
/// all bytes that have come so far; nothing of it is trusted.
public struct HTTPResponse: Equatable, Sendable {
    public var status: Int
    /// Names in lower case, in their order.
    public var fields: [Field]
    public var body: Bytes

    public struct Field: Equatable, Sendable {
        public var name: Bytes
        public var value: Bytes
    }

    /// Status line and fields together.
    public static let headByteCountLimit = 16 << 10
    /// Larger than any configuration may be.
    public static let bodyByteCountLimit = 1 << 20

    /// The value of the first field of that name, in lower case.
    public subscript(_ name: StaticString) -> Bytes? {
        fields.first { $0.name.equals(name) }?.value
    }
}

extension HTTPResponse {
    /// - Parameter isClosed: whether the server has closed the connection, so that nothing follows.
    /// - Returns: nil while the answer is not complete.
    public static func parse(
        _ bytes: Bytes, isClosed: Bool
    ) throws(HTTPProblem) -> HTTPResponse? {
        guard let head = try HTTPHead.parse(bytes) else {
            if isClosed { throw .cut }
            return nil
        }
        var response = HTTPResponse(status: head.status, fields: head.fields, body: [])
        // RFC 9112, 6.3: these have no body whatever their fields say.
        if head.status == 204 || head.status == 304 || head.status < 200 { return response }
        let rest = bytes[head.byteCount...]
        let body: Bytes?
        if let coding = response["transfer-encoding"] {
            guard lowercased(coding).equals("chunked") else { throw .unknownCoding }
            body = try HTTPChunks.body(of: rest)
        } else if let length = try response.contentLength() {
            body = rest.count >= length ? Bytes(rest.prefix(length)) : nil
        } else {
            guard rest.count <= bodyByteCountLimit else { throw .bodyTooLong }
            body = isClosed ? Bytes(rest) : nil
        }
        guard let body else {
            if isClosed { throw .cut }
            return nil
        }
        response.body = body
        return response
    }

    /// All fields of that name must agree: a body that two lengths part differently is no answer.
    private func contentLength() throws(HTTPProblem) -> Int? {
        var length: Int?
        for field in fields where field.name.equals("content-length") {
            guard let value = unsignedNumber(field.value) else { throw .badLength }
            guard value <= UInt64(Self.bodyByteCountLimit) else { throw .bodyTooLong }
            guard length == nil || length == Int(value) else { throw .badLength }
            length = Int(value)
        }
        return length
    }
}

/// Status line and fields.
private struct HTTPHead {
    var status: Int
    var fields: [HTTPResponse.Field] = []
    /// With the empty line at its end.
    var byteCount: Int

    static func parse(_ bytes: Bytes) throws(HTTPProblem) -> HTTPHead? {
        var lines: [Bytes] = []
        var start = 0
        while let line = line(of: bytes, at: &start) {
            guard start <= HTTPResponse.headByteCountLimit else { throw .headTooLong }
            if line.isEmpty { return try head(lines, byteCount: start) }
            lines.append(line)
        }
        guard bytes.count <= HTTPResponse.headByteCountLimit else { throw .headTooLong }
        return nil
    }

    private static func head(_ lines: [Bytes], byteCount: Int) throws(HTTPProblem) -> HTTPHead {
        guard let first = lines.first, first.starts(with: "HTTP/1."), first.count >= 12,
            ASCII.isDigit(first[7]), first[8] == ASCII.space,
            first.count == 12 || first[12] == ASCII.space,
            let status = unsignedNumber(Bytes(first[9..<12])), status >= 100
        else { throw .notHTTP }
        var head = HTTPHead(status: Int(status), byteCount: byteCount)
        for line in lines.dropFirst() {
            // RFC 9112, 5.1: no white space around a name; a line that begins with it is no field.
            guard let colon = line.firstIndex(of: ASCII.colon), colon > 0,
                line[..<colon].allSatisfy({ $0 > 0x20 && $0 < 0x7f })
            else { throw .badField }
            var value = line[(colon + 1)...]
            while let byte = value.first, isKernelSpace(byte) { value.removeFirst() }
            while let byte = value.last, isKernelSpace(byte) { value.removeLast() }
            head.fields.append(.init(name: lowercased(line[..<colon]), value: Bytes(value)))
        }
        return head
    }
}

/// The chunked transfer coding (RFC 9112, 7.1).
private enum HTTPChunks {
    /// nil while the last chunk has not come.
    static func body(of rest: ArraySlice<UInt8>) throws(HTTPProblem) -> Bytes? {
        let bytes = Bytes(rest)
        var body: Bytes = []
        var start = 0
        while let line = line(of: bytes, at: &start) {
            let byteCount = try size(line)
            guard byteCount <= HTTPResponse.bodyByteCountLimit - body.count else {
                throw .bodyTooLong
            }
            if byteCount == 0 { return try hasTrailer(bytes, from: start) ? body : nil }
            guard bytes.count - start >= byteCount + 2 else { return nil }
            body += bytes[start..<(start + byteCount)]
            start += byteCount
            guard bytes[start] == ASCII.carriageReturn, bytes[start + 1] == ASCII.newline else {
                throw .badChunk
            }
            start += 2
        }
        guard bytes.count - start <= 64 else { throw .badChunk }
        return nil
    }

    /// Hexadecimal digits; an extension behind `;` says nothing to us.
    private static func size(_ line: Bytes) throws(HTTPProblem) -> Int {
        let digits = line.prefix { $0 != 0x3b && !isKernelSpace($0) }
        guard digits.count >= 1, digits.count <= 6 else { throw .badChunk }
        var size = 0
        for digit in digits {
            guard let value = hexValue(digit) else { throw .badChunk }
            size = size << 4 | Int(value)
        }
        return size
    }

    /// Fields behind the last chunk, to an empty line.
    private static func hasTrailer(_ bytes: Bytes, from start: Int) throws(HTTPProblem) -> Bool {
        var end = start
        while let line = line(of: bytes, at: &end) {
            if line.isEmpty { return true }
        }
        guard bytes.count - start <= HTTPResponse.headByteCountLimit else { throw .headTooLong }
        return false
    }
}

/// The next line without its end, CR LF or LF alone; nil while it is not complete.
private func line(of bytes: Bytes, at start: inout Int) -> Bytes? {
    guard start <= bytes.count, let end = bytes[start...].firstIndex(of: ASCII.newline) else {
        return nil
    }
    var line = bytes[start..<end]
    if line.last == ASCII.carriageReturn { line.removeLast() }
    start = end + 1
    return Bytes(line)
}

private func lowercased(_ text: some Sequence<UInt8>) -> Bytes {
    text.map { $0 >= 0x41 && $0 <= 0x5a ? $0 | 0x20 : $0 }
}

/// Why bytes are no answer to be used.
public enum HTTPProblem: Error, Equatable, Sendable {
    case notHTTP
    case headTooLong
    case badField
    case badLength
    case bodyTooLong
    case unknownCoding
    case badChunk
    /// The connection ended before the answer did.
    case cut
}

extension HTTPProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notHTTP: "the server does not speak HTTP/1"
        case .headTooLong:
            "the answer's fields are longer than \(HTTPResponse.headByteCountLimit) bytes"
        case .badField: "the answer has a malformed field"
        case .badLength: "the answer's length is no number, or two of them"
        case .bodyTooLong: "the answer is longer than \(HTTPResponse.bodyByteCountLimit) bytes"
        case .unknownCoding: "the answer comes in an unknown transfer coding"
        case .badChunk: "the answer has a malformed chunk"
        case .cut: "the connection ended before the answer did"
        }
    }
}
