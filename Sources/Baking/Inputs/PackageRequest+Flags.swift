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
