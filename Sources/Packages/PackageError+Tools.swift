internal import Tools

func asPackageError<Result>(
    _ operation: () throws(FileFailure) -> Result
) throws(PackageError) -> Result {
    do {
        return try operation()
    } catch {
        throw .inputOutput(action: error.action, path: error.path, errno: error.errno)
    }
}

/// Runs a tool of the Debian package `owner`.
func asPackageError<Result: Sendable>(
    of owner: String, _ operation: () async throws(ToolError) -> Result
) async throws(PackageError) -> Result {
    do {
        return try await operation()
    } catch {
        switch error {
        case .notInstalled(let name): throw .toolMissing(name: name, package: owner)
        case .notRun(let name, let detail):
            throw .toolFailed(tool: name, status: -1, lines: [detail])
        }
    }
}

extension ToolResult {
    /// The end of what the tool wrote.
    var lastLines: [String] {
        messages.split(separator: "\n").suffix(8).map(String.init)
    }

    /// What apt's messages say about why it failed.
    func aptFailure(suite: String?) -> PackageError {
        let errors = messages.split(separator: "\n")
            .filter { $0.hasPrefix("E: ") || $0.hasPrefix("W: ") }.map { String($0.dropFirst(3)) }
        func first(_ words: String...) -> String? {
            errors.first { error in words.contains { error.contains($0) } }
        }
        if let error = first("does not have a Release file", "404  Not Found", "404 Not Found") {
            return .unknownSuite(suite, detail: error)
        }
        if let error = first("NO_PUBKEY", "is not signed", "EXPKEYSIG") {
            return .notSigned(detail: error)
        }
        if messages.contains("Failed to fetch") { return .noNetwork(detail: complaint) }
        return .toolFailed(tool: "apt-get", status: status, lines: lastLines)
    }

    /// What apt says about packages it was asked to install and cannot; nil when it is not about
    /// them.
    var choiceFailure: PackageError? {
        var unknown: [UnknownPackage] = []
        for line in messages.split(separator: "\n") where line.hasPrefix("E: ") {
            let error = line.dropFirst(3)
            if let name = error.dropping("Unable to locate package ") {
                unknown.append(UnknownPackage(name: String(name)))
            } else if error.hasSuffix(" was not found"),
                error.hasPrefix("Version ") || error.hasPrefix("Release ")
            {
                // Version '9' for 'nginx' was not found: in the C locale with plain quotes.
                let names = error.split(separator: "'")
                let package = names.count > 3 ? String(names[3]) : String(error)
                return .unknownVersion(package: package, detail: String(error))
            } else if let name = error.dropping("Package '")?.prefix(while: { $0 != "'" }),
                error.hasSuffix("has no installation candidate")
            {
                let providers = providers(of: name)
                if !providers.isEmpty {
                    return .virtualPackage(name: String(name), providers: providers)
                }
                unknown.append(UnknownPackage(name: String(name)))
            }
        }
        if !unknown.isEmpty { return .unknownPackages(unknown) }
        let dependencies = output.split(separator: "\n").drop {
            !$0.hasPrefix("The following packages have unmet dependencies")
        }.dropFirst().prefix { $0.hasPrefix(" ") }
        guard !dependencies.isEmpty else { return nil }
        return .unsatisfiable(
            details: dependencies.map { line in
                line.split(separator: " ").joined(separator: " ")
            })
    }

    /// From "Package awk is a virtual package provided by:", with a line for each.
    private func providers(of name: Substring) -> [String] {
        output.split(separator: "\n", omittingEmptySubsequences: false)
            .drop { $0 != "Package \(name) is a virtual package provided by:" }
            .dropFirst().prefix { $0.hasPrefix("  ") }
            .compactMap { $0.split(separator: " ").first.map(String.init) }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}

extension Substring {
    fileprivate func dropping(_ prefix: String) -> Substring? {
        hasPrefix(prefix) ? dropFirst(prefix.count) : nil
    }
}
