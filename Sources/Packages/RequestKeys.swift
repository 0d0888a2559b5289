internal import Crypto
internal import SystemPackage

/// What a request is remembered by.
struct RequestKeys {
    /// The request in words: what of it decides the outcome.
    let text: String
    /// Digest of that.
    let request: String
    /// Digest of what decides where packages come from.
    let sources: String

    init(_ request: PackageRequest, _ requested: [RequestedPackage], hostText: [UInt8]) {
        let place = [
            "architecture \(request.architecture)",
            request.suite.map { "suite \($0)" } ?? "suite of the host",
            request.mirror.map { "mirror \($0)" } ?? "mirrors of the host",
            "host \(hexDigest(hostText))",
        ]
        let text =
            (["recipe \(LayerScript.recipeVersion)"] + place + manner(of: request)
            + requested.map { "package \($0.text)" }).joined(separator: "\n")
        self.text = text
        self.request = hexDigest(Array(text.utf8))
        sources = String(hexDigest(Array(place.joined(separator: "\n").utf8)).prefix(16))
    }
}

private func manner(of request: PackageRequest) -> [String] {
    [
        "variant \(request.variant.rawValue)",
        "documentation \(request.keepsDocumentation ? "yes" : "no")",
    ]
}

/// The name of a layer: the exact packages, by content, and how it was made of them. Where they
/// came from makes no difference to the bytes.
func listName(of records: [PackageRecord], _ request: PackageRequest) -> String {
    let lines =
        [
            "recipe \(LayerScript.recipeVersion)", "architecture \(request.architecture)",
            // Beyond that the variant only decides which packages there are.
            "extracted \(request.variant == .extract ? "yes" : "no")",
            "documentation \(request.keepsDocumentation ? "yes" : "no")",
        ] + records.map { "\($0.package.text) \($0.sha256)" }
    return hexDigest(Array(lines.joined(separator: "\n").utf8))
}

func hexDigest(_ bytes: [UInt8]) -> String { hexadecimal(SHA256.hash(data: bytes)) }

func hexDigest(ofFileAt path: FilePath) throws -> String {
    let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
    return try file.closeAfter { try hexDigest(of: file) }
}

/// Of everything in an open file.
func hexDigest(of file: FileDescriptor) throws -> String {
    var digest = SHA256()
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    var offset: Int64 = 0
    while true {
        let count = try chunk.withUnsafeMutableBytes {
            try file.read(fromAbsoluteOffset: offset, into: $0)
        }
        if count == 0 { return hexadecimal(digest.finalize()) }
        digest.update(data: chunk[..<count])
        offset += Int64(count)
    }
}

private func hexadecimal(_ digest: SHA256.Digest) -> String {
    let digits = Array("0123456789abcdef".utf8)
    let text = digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: text, as: UTF8.self)
}
