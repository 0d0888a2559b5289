import BakeContract
import Containers
import Foundation
import SystemPackage
import TestSupport
import Trees

/// Images made by umoci and turned into other forms by skopeo.
struct TestImage {
    let directory: TemporaryDirectory

    /// What the layers, one over the other, must give.
    static let text = """
        d 0755 0:0 1000 /
        d 0750 0:0 1000 /etc
        f 0644 0:0 1000 /etc/passwd 5
        d 0755 0:0 1000 /opaque
        f 0600 0:0 1000 /opaque/new 4
        f 0755 0:0 1000 /run 7 = /run2

        """

    /// The beginning of a Python program that changes the image in `oci`: `save()` corrects the
    /// digests of what is above the manifest.
    static let editing = """
        import json, hashlib, os, sys
        def load(digest): return json.load(open('oci/blobs/' + digest.replace(':', '/')))
        def store(value):
            data = json.dumps(value).encode()
            digest = hashlib.sha256(data).hexdigest()
            open('oci/blobs/sha256/' + digest, 'wb').write(data)
            return {'digest': 'sha256:' + digest, 'size': len(data)}
        index = json.load(open('oci/index.json'))
        manifest = load(index['manifests'][0]['digest'])
        def save():
            index['manifests'][0].update(store(manifest))
            json.dump(index, open('oci/index.json', 'w'))
        layer = manifest['layers'][1]
        path = 'oci/blobs/' + layer['digest'].replace(':', '/')

        """

    /// Three layers: files; a file changed, one removed; a directory made opaque.
    init() throws {
        directory = try TemporaryDirectory()
        try run("umoci", "init", "--layout", "oci")
        try run("umoci", "new", "--image", "oci:app")
        try layer(
            .directory("layer/etc"), .file("layer/etc/passwd", "old"), .file("layer/etc/gone", "x"),
            .directory("layer/opaque"), .file("layer/opaque/hidden", "x"),
            .file("layer/run", "program", mode: 0o755), .hardLink("layer/run2", to: "layer/run"))
        try layer(
            .directory("layer/etc", mode: 0o750), .file("layer/etc/passwd", "later"),
            .file("layer/etc/.wh.gone"))
        try layer(
            .directory("layer/opaque"), .file("layer/opaque/.wh..wh..opq"),
            .file("layer/opaque/new", "here", mode: 0o600))
        try run(
            "umoci", "config", "--image", "oci:app", "--config.env", "PATH=/bin:/sbin",
            "--config.env", "A=b=c", "--config.entrypoint", "run", "--config.entrypoint", "-x",
            "--config.cmd", "a b", "--config.workingdir", "/data", "--config.user", "7:8",
            "--architecture", "amd64", "--os", "linux")
    }

    private func layer(_ items: HostTreeItem...) throws {
        try directory.make([.directory("layer")] + items)
        try run(
            "sh", "-c",
            """
            find layer -exec touch -h -d @1000 {} + && tar --format=pax --owner=0 --group=0 \
            --sort=name -C layer -cf layer.tar . && rm -r layer && \
            umoci raw add-layer --image oci:app layer.tar
            """)
    }

    @discardableResult
    func run(_ arguments: String...) throws -> String {
        let result = try runProcess(arguments, in: directory.path)
        guard result.status == 0 else {
            throw TestFailure(
                "\(arguments.joined(separator: " ")): \(result.stderrText)\(result.stdoutText)")
        }
        return result.stdoutText
    }

    /// By skopeo, without a policy of this machine: from one form to another.
    func copy(_ source: String, _ target: String, _ options: String...) throws {
        let arguments = ["skopeo", "--insecure-policy", "copy", "-q"] + options + [source, target]
        let result = try runProcess(arguments, in: directory.path)
        guard result.status == 0 else { throw TestFailure(result.stderrText) }
    }

    /// - Parameter location: with a path relative to the directory.
    func read(
        _ location: String, platform: ImagePlatform = .linuxAMD64
    ) throws -> ContainerImage {
        var location = ContainerLocation(location)!
        location.path = directory.path(location.path)
        return try ContainerImage.read(
            location, platform: platform, scratch: FilePath(directory.path))
    }

    /// What reading says, without the directory's name.
    func refusal(_ location: String, platform: ImagePlatform = .linuxAMD64) -> String {
        do {
            _ = try read(location, platform: platform)
            return "read"
        } catch {
            return "\(error)".replacing("\(directory.path)/", with: "")
        }
    }
}
