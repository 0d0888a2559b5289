internal import BakeContract
internal import Glibc
internal import Images
internal import SystemPackage

extension BakeRequest {
    /// Reads the request from a bake.json.
    public init(file: String) throws(BakeError) {
        let text: Bytes
        do {
            text = try readWholeFile(FilePath(file))
        } catch {
            throw BakeError(.missingInput, "cannot read '\(file)': \(error)")
        }
        try self.init(json: text, file: file)
    }

    /// Writes the request to a bake.json, which appears complete or not at all. Relative paths
    /// come to be relative to the file's directory.
    public func save(to file: String) throws(BakeError) {
        do throws(ImageError) {
            let text = try json(inDirectoryOf: file).prettyText
            let output = try OutputFile(replacing: FilePath(file))
            try output.write(text)
            try output.finish()
        } catch {
            throw BakeError(.outputNotWritable, "cannot write '\(file)': \(error)")
        }
    }

    private func json(inDirectoryOf file: String) throws(ImageError) -> JSONValue {
        let directory = try Self.resolved(RequestDirectory(of: file).path)
        let current = try Self.resolved("")
        var moved = self
        moved.changePaths { RequestDirectory.rewritten($0, from: current, to: directory) }
        return moved.json()
    }

    /// A directory's absolute path without symbolic links (realpath(3)).
    private static func resolved(_ directory: FilePath) throws(ImageError) -> FilePath {
        let path: FilePath = directory.isEmpty ? "." : directory
        guard let resolved = realpath(path.string, nil) else {
            throw .file(action: .open, path: path, errno: Errno(rawValue: errno))
        }
        defer { free(resolved) }
        return FilePath(platformString: resolved)
    }
}
