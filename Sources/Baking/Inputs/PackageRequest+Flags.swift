internal import Packages

extension PackageRequest {
    /// What `--package` and the flags beside it say.
    init(_ request: BakeRequest.Packages) throws(BakeError) {
        var variant = PackageVariant.essential
        if let name = request.variant {
            guard let known = PackageVariant(rawValue: name) else {
                let names = PackageVariant.allCases.map(\.rawValue).joined(separator: ", ")
                throw BakeError(.malformedInput, "--variant is one of \(names), not '\(name)'")
            }
            variant = known
        }
        self.init(
            packages: request.names, suite: request.suite, mirror: request.mirror,
            variant: variant)
    }
}

extension PackageCache.Step {
    /// For a progress line.
    var text: String {
        switch self {
        case .waitingForAnother: "waiting for another bake"
        case .readingPackageLists: "reading package lists"
        case .resolving: "resolving"
        case .fetching(let count, let byteCount):
            "fetching \(count) packages, \(byteCount >> 20) MiB"
        case .unpacking: "unpacking"
        case .configuring: "configuring"
        case .packing: "packing"
        }
    }
}
