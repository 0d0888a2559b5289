import BakeContract
import Containers
import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

@Suite struct ContainerImageTests {
    /// The same image in every form that skopeo makes of it, plain and compressed.
    @Test func oneImageReadInEveryFormIsTheSame() throws {
        let image = try TestImage()
        try image.copy("oci:oci:app", "oci-archive:app-oci.tar:app")
        try image.copy("oci:oci:app", "docker-archive:app-docker.tar:library/app:1")
        try image.copy(
            "oci:oci:app", "oci:zstd:app", "--dest-compress-format=zstd", "--dest-compress")
        try image.run(
            "sh", "-c", "gzip -k app-oci.tar; zstd -q app-docker.tar -o app-docker.tar.zst")
        for location in [
            "oci:oci", "oci:oci:app", "oci:zstd", "oci-archive:app-oci.tar",
            "oci-archive:app-oci.tar:app", "oci-archive:app-oci.tar.gz",
            "docker-archive:app-docker.tar", "docker-archive:app-docker.tar:app:1",
            "docker-archive:app-docker.tar:docker.io/library/app:1",
            "docker-archive:app-docker.tar.zst",
        ] {
            let read = try image.read(location)
            let tree = try MergedTree.overlay(read.layers)
            #expect(tree.text == TestImage.text, "\(location)")
            let file = location.split(separator: ":")[1]
            #expect(read.layers.map(\.name) == (1...3).map { "\(file) layer \($0)" })
            #expect(read.configuration == Self.configuration, "\(location)")
        }
        // Nothing was left beside the images.
        let names = try FileManager.default.contentsOfDirectory(atPath: image.directory.path)
        #expect(
            names.sorted() == [
                "app-docker.tar", "app-docker.tar.zst", "app-oci.tar", "app-oci.tar.gz",
                "layer.tar",
                "oci", "zstd",
            ])
    }

    private static var configuration: ImageConfiguration {
        var configuration = ImageConfiguration()
        configuration.environment = ["PATH=/bin:/sbin", "A=b=c"].map { Array($0.utf8) }
        configuration.entrypoint = ["run", "-x"].map { Array($0.utf8) }
        configuration.command = [Array("a b".utf8)]
        configuration.workingDirectory = Array("/data".utf8)
        configuration.user = Array("7:8".utf8)
        return configuration
    }

    @Test func theConfigurationIsOneOfOurs() throws {
        let text = Self.configuration.asConfiguration.prettyText
        #expect(
            String(decoding: text, as: UTF8.self) == """
                {
                  "env": {
                    "A": "b=c",
                    "PATH": "/bin:/sbin"
                  },
                  "rc": [
                    {
                      "argv": [
                        "-x",
                        "a b"
                      ],
                      "bin": "run",
                      "user": "7:8",
                      "workdir": "/data"
                    }
                  ]
                }

                """)
        let source = try JSONFileSource(kind: .baked, file: [], text: text).settings()
        let effective = try EffectiveConfiguration([source], .making)
        guard case .programs(let programs) = effective.configuration.workload else {
            Issue.record("no program")
            return
        }
        #expect(programs.map(\.arguments) == [["run", "-x", "a b"].map { Array($0.utf8) }])
        #expect(ImageConfiguration().asConfiguration == .object([]))
        var odd = ImageConfiguration()
        odd.environment = ["A=1", "nothing", "=x", "A=2", "B="].map { Array($0.utf8) }
        odd.command = [Array("sh".utf8)]
        odd.workingDirectory = Array("data".utf8)
        #expect(
            String(decoding: odd.asConfiguration.compactText, as: UTF8.self)
                == #"{"env":{"A":"2","B":""},"rc":[{"argv":[],"bin":"sh","workdir":"/data"}]}"#)
    }

    /// What Docker before 25 wrote: layers as `ID/layer.tar`, some of them links to others.
    @Test func oldDockerArchives() throws {
        let image = try TestImage()
        try image.copy("oci:oci:app", "docker-archive:new.tar:app:1")
        try image.run(
            "python3", "-c",
            """
            import json, os, tarfile, io
            source = tarfile.open('new.tar')
            manifest = json.load(source.extractfile('manifest.json'))
            target = tarfile.open('old.tar', 'w')
            def add(name, data):
                info = tarfile.TarInfo(name); info.size = len(data)
                target.addfile(info, io.BytesIO(data))
            layers = manifest[0]['Layers']
            for number, name in enumerate(layers):
                add('store/%d.tar' % number, source.extractfile(source.getmember(name)).read())
                link = tarfile.TarInfo('%d/layer.tar' % number); link.type = tarfile.SYMTYPE
                link.linkname = '../store/%d.tar' % number
                target.addfile(link)
            manifest[0]['Layers'] = ['%d/layer.tar' % number for number in range(len(layers))]
            config = manifest[0]['Config']
            add(config, source.extractfile(config).read())
            add('manifest.json', json.dumps(manifest).encode())
            target.close()
            """)
        let tree = try MergedTree.overlay(try image.read("docker-archive:old.tar").layers)
        #expect(tree.text == TestImage.text)
    }

    /// A layout that holds an image as Docker's registries have it.
    @Test func dockersMediaTypes() throws {
        let image = try TestImage()
        try image.run(
            "python3", "-c",
            TestImage.editing + """
                manifest['mediaType'] = 'application/vnd.docker.distribution.manifest.v2+json'
                manifest['config']['mediaType'] = 'application/vnd.docker.container.image.v1+json'
                for layer in manifest['layers']:
                    layer['mediaType'] = 'application/vnd.docker.image.rootfs.diff.tar.gzip'
                index['manifests'][0]['mediaType'] = manifest['mediaType']
                save()
                """)
        let tree = try MergedTree.overlay(try image.read("oci:oci").layers)
        #expect(tree.text == TestImage.text)
    }

    /// A digest by SHA-512, which the specification allows.
    @Test func digestsBySHA512() throws {
        let image = try TestImage()
        try image.run(
            "python3", "-c",
            TestImage.editing + """
                os.mkdir('oci/blobs/sha512')
                data = open(path, 'rb').read()
                digest = hashlib.sha512(data).hexdigest()
                open('oci/blobs/sha512/' + digest, 'wb').write(data)
                os.remove(path)
                layer['digest'] = 'sha512:' + digest
                save()
                """)
        let tree = try MergedTree.overlay(try image.read("oci:oci").layers)
        #expect(tree.text == TestImage.text)
    }

    @Test func whichImage() throws {
        let image = try TestImage()
        try image.run("umoci", "tag", "--image", "oci:app", "same")
        #expect(try image.read("oci:oci").layers.count == 3)
        try image.run("umoci", "new", "--image", "oci:other")
        try image.run("umoci", "config", "--image", "oci:other", "--architecture", "amd64")
        #expect(
            image.refusal("oci:oci") == """
                cannot read the image 'oci:oci': it has several images: app, other
                  hint: name one of them behind the path, after a colon
                """)
        #expect(
            image.refusal("oci:oci:none")
                == "cannot read the image 'oci:oci:none': it has no image 'none', only app, same, other"
        )
        #expect(try image.read("oci:oci:other").layers.isEmpty)
        try image.copy("oci:oci:app", "docker-archive:d.tar:app:1")
        #expect(
            image.refusal("docker-archive:d.tar:app")
                == """
                cannot read the image 'docker-archive:d.tar:app': it has no image 'app', only \
                docker.io/library/app:1
                """)
    }

    /// An index of images for several machines, as registries have them.
    @Test func whichPlatform() throws {
        let image = try TestImage()
        try image.run("umoci", "tag", "--image", "oci:app", "arm")
        try image.run("umoci", "config", "--image", "oci:arm", "--architecture", "arm64")
        try image.run(
            "python3", "-c",
            """
            import json, hashlib
            index = json.load(open('oci/index.json'))
            by = {m['annotations']['org.opencontainers.image.ref.name']: m for m in index['manifests']}
            def child(name, arch):
                entry = dict(by[name]); entry.pop('annotations')
                entry['platform'] = {'os': 'linux', 'architecture': arch}
                return entry
            attestation = child('app', 'unknown'); attestation['platform']['os'] = 'unknown'
            inner = json.dumps({'schemaVersion': 2, 'manifests':
                [attestation, child('arm', 'arm64'), child('app', 'amd64')]}).encode()
            digest = hashlib.sha256(inner).hexdigest()
            open('oci/blobs/sha256/' + digest, 'wb').write(inner)
            json.dump({'schemaVersion': 2, 'manifests': [{
                'mediaType': 'application/vnd.oci.image.index.v1+json', 'digest': 'sha256:' + digest,
                'size': len(inner), 'annotations': {'org.opencontainers.image.ref.name': 'multi'}}]},
                open('oci/index.json', 'w'))
            """)
        #expect(try image.read("oci:oci").layers.count == 3)
        #expect(
            try image.read("oci:oci:multi", platform: .init(architecture: "arm64")).layers.count
                == 3)
        #expect(
            image.refusal("oci:oci", platform: .init(architecture: "riscv64")) == """
                cannot read the image 'oci:oci': it has nothing for linux/riscv64, only for \
                unknown/unknown, linux/arm64, linux/amd64
                """)
    }

    @Test func anImageForAnotherMachine() throws {
        let image = try TestImage()
        try image.run("umoci", "config", "--image", "oci:app", "--architecture", "arm64")
        #expect(
            image.refusal("oci:oci")
                == "cannot read the image 'oci:oci': it is for linux/arm64, not for linux/amd64")
    }

    @Test func locations() {
        #expect(
            ContainerLocation("docker-archive:/a/b.tar:alpine:3.19")
                == ContainerLocation(.dockerArchive, "/a/b.tar", reference: "alpine:3.19"))
        #expect(ContainerLocation("oci:dir") == ContainerLocation(.oci, "dir"))
        #expect(ContainerLocation("oci:dir:") == ContainerLocation(.oci, "dir"))
        for text in ["oci:", "oci", "docker://alpine", "dir", "OCI:dir"] {
            #expect(ContainerLocation(text) == nil)
        }
    }
}
