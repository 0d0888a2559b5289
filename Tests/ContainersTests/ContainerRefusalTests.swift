import Containers
import Foundation
import TestSupport
import Testing

/// Damaged, lying and foreign images.
@Suite struct ContainerRefusalTests {
    static let refusals: [(change: String, message: String)] = [
        (
            "data = bytearray(open(path, 'rb').read()); data[40] ^= 1; open(path, 'wb').write(data)",
            """
            '<layer>' does not have the digest <digest>: it is damaged, or not the file that is meant
            """
        ),
        (
            "open(path, 'ab').write(b'x')",
            "'<layer>' has <size+1> bytes where the image says <size>"
        ),
        ("os.remove(path)", "it has no '<layer>'"),
        (
            "layer['urls'] = ['https://example.com/x']; save()",
            """
            its layer <digest> is not in it but is to be fetched from elsewhere
              hint: copy the image with its layers, as 'skopeo copy' does, and give the copy
            """
        ),
        (
            """
            layer['mediaType'] = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'; save()
            """,
            """
            its layer <digest> is not in it but is to be fetched from elsewhere
              hint: copy the image with its layers, as 'skopeo copy' does, and give the copy
            """
        ),
        (
            "layer['mediaType'] = 'application/x-squashfs'; save()",
            """
            the media type of the layer <digest> is 'application/x-squashfs', which is nothing of a \
            container image that bake knows
            """
        ),
        (
            "layer['digest'] = 'md5:' + '0' * 32; save()",
            "'md5:00000000000000000000000000000000' is no digest by SHA-256 or SHA-512"
        ),
        (
            "layer['digest'] = 'sha256:../../../../etc/passwd'; save()",
            "'sha256:../../../../etc/passwd' is no digest by SHA-256 or SHA-512"
        ),
        ("layer['size'] = -1; save()", "in '<manifest>', 'size' must be a number of bytes"),
        (
            "manifest['config']['mediaType'] = 'application/vnd.cncf.helm.config.v1+json'; save()",
            """
            the media type of its configuration is 'application/vnd.cncf.helm.config.v1+json', which \
            is nothing of a container image that bake knows
            """
        ),
        (
            "index['manifests'] = []; json.dump(index, open('oci/index.json', 'w'))",
            "it has no image"
        ),
        (
            "open('oci/index.json', 'w').write('{\\n  \"manifests\": [,]}')",
            "index.json:2:17: error: expected a value"
        ),
        (
            "open('oci/oci-layout', 'w').write('{\"imageLayoutVersion\": \"2.0.0\"}')",
            "its layout has version '2.0.0'; bake knows 1.0.0"
        ),
        (
            "os.remove('oci/oci-layout')",
            """
            it has no 'oci-layout'
              hint: 'oci:' and 'oci-archive:' are for OCI image layouts
            """
        ),
        (
            """
            for n in range(9):
                index = {'manifests': [dict(store(index),
                    mediaType='application/vnd.oci.image.index.v1+json')]}
            json.dump(index, open('oci/index.json', 'w'))
            """,
            "its indexes are nested more than 8 deep"
        ),
    ]

    @Test(arguments: refusals)
    func layoutsAreRefused(_ test: (change: String, message: String)) throws {
        let image = try TestImage()
        let facts = try image.run(
            "python3", "-c",
            TestImage.editing + "print(layer['digest'], layer['size'])\n" + test.change
                + "\nprint(index['manifests'][0]['digest'] if index['manifests'] else '-:-')"
        ).split(whereSeparator: \.isWhitespace).map(String.init)
        let expected = test.message
            .replacing("<layer>", with: "blobs/" + facts[0].replacing(":", with: "/"))
            .replacing("<digest>", with: facts[0])
            .replacing("<size+1>", with: "\(Int(facts[1])! + 1)")
            .replacing("<size>", with: facts[1])
            .replacing("<manifest>", with: "blobs/" + facts[2].replacing(":", with: "/"))
        #expect(image.refusal("oci:oci") == "cannot read the image 'oci:oci': \(expected)")
        // In an archive the same is wrong.
        try image.run("sh", "-c", "tar -C oci -cf a.tar .")
        #expect(
            image.refusal("oci-archive:a.tar")
                == "cannot read the image 'oci-archive:a.tar': \(expected)")
    }

    /// Every byte of a docker-archive's layers and configuration is under a digest.
    @Test func dockerArchivesAreChecked() throws {
        let image = try TestImage()
        try image.copy("oci:oci:app", "docker-archive:d.tar:app:1")
        let whole = try Data(contentsOf: image.directory.url("d.tar"))
        for text in ["later", "\"PATH=", "program"] {
            let place = try #require(whole.range(of: Data(text.utf8)))
            var damaged = whole
            damaged[place.lowerBound] ^= 1
            try damaged.write(to: image.directory.url("x.tar"))
            let message = image.refusal("docker-archive:x.tar")
            #expect(
                message.hasPrefix("cannot read the image 'docker-archive:x.tar': '")
                    && message.contains("does not have the digest sha256:"), "\(message)")
        }
    }

    /// Names and links of an archive that lead out of it.
    static let archives: [(members: String, message: String)] = [
        (
            "add('manifest.json', '[{\"Config\": \"../x\", \"Layers\": []}]')",
            "cannot read the image 'docker-archive:x.tar': it has no '../x'"
        ),
        (
            """
            add('manifest.json', '[{"Config": "/etc/passwd", "Layers": []}]')
            """,
            "cannot read the image 'docker-archive:x.tar': it has no '/etc/passwd'"
        ),
        (
            """
            add('manifest.json', '[{"Config": "c", "Layers": []}]'); link('c', '../../etc/passwd')
            """,
            """
            cannot read the image 'docker-archive:x.tar': 'c' is a symbolic link that leads nowhere \
            in it
            """
        ),
        (
            """
            add('manifest.json', '[{"Config": "c", "Layers": []}]'); link('c', 'd'); link('d', 'c')
            """,
            """
            cannot read the image 'docker-archive:x.tar': 'c' is a symbolic link that leads nowhere \
            in it
            """
        ),
        (
            "add('other', '')",
            """
            cannot read the image 'docker-archive:x.tar': it has no 'manifest.json'
              hint: 'docker-archive:' is for what 'docker save' writes since Docker 1.10
            """
        ),
        (
            """
            add('manifest.json', '[{"Config": "c", "Layers": ["a", "b"]}]')
            add('c', '{"rootfs": {"diff_ids": []}}'); add('a', ''); add('b', '')
            """,
            """
            cannot read the image 'docker-archive:x.tar': it has 2 layers, and its configuration \
            speaks of 0
            """
        ),
        (
            """
            add('manifest.json', '[{"RepoTags": ["a:1"]}, {"RepoTags": ["b:1"]}]')
            """,
            """
            cannot read the image 'docker-archive:x.tar': it has several images: a:1, b:1
              hint: name one of them behind the path, after a colon
            """
        ),
        (
            "add('../manifest.json', '[]')",
            """
            cannot read the archive 'x.tar', at its member '../manifest.json': its name has a '..', \
            which could lead out of the tree
            """
        ),
    ]

    @Test(arguments: archives)
    func archivesAreRefused(_ test: (members: String, message: String)) throws {
        let image = try TestImage()
        try image.run(
            "python3", "-c",
            """
            import tarfile, io
            archive = tarfile.open('x.tar', 'w')
            def add(name, text):
                info = tarfile.TarInfo(name); info.size = len(text)
                archive.addfile(info, io.BytesIO(text.encode()))
            def link(name, target):
                info = tarfile.TarInfo(name); info.type = tarfile.SYMTYPE; info.linkname = target
                archive.addfile(info)

            """ + test.members + "\narchive.close()\n")
        #expect(image.refusal("docker-archive:x.tar") == test.message)
    }

    @Test func whatIsNotThere() throws {
        let image = try TestImage()
        #expect(
            image.refusal("oci:none") == """
                cannot read the image 'oci:none': it has no 'oci-layout'
                  hint: 'oci:' and 'oci-archive:' are for OCI image layouts
                """)
        #expect(
            image.refusal("oci-archive:none")
                == "cannot read the tree 'none': No such file or directory")
    }
}
