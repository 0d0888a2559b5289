import Foundation
import TestSupport
import Testing

/// Settings that a platform has for a machine, found by PID 1 where they are.
@Suite(.serialized)
struct PlatformSourceTests {
    /// Lowest first.
    private static let sources = [
        "baked", "room", "configdrive", "nocloud", "smbios", "fw_cfg", "cmdline",
    ]

    private static let report = """
        #!/bin/busybox sh
        bb=/bin/busybox
        $bb env
        echo "hostname=$($bb hostname)"
        echo "length=${#LONG}"
        echo "arguments=$*"
        echo "published=$($bb tr -d ' \\n' < /rumpconfig.json)"
        $bb ip -o addr show eth0
        exit 0

        """

    private let scratch: TemporaryDirectory
    private var image: String { scratch.path("x.img") }

    init() throws {
        scratch = try TemporaryDirectory()
        try BusyboxTree.make(at: scratch.path("tree"), scripts: ["bin/report": Self.report])
    }

    private func bake(_ keys: String) throws {
        try scratch.write("{\"rc\":[{\"bin\":\"/bin/report\"}],\(keys)}", to: "rumpconfig.json")
        try run([
            "-R", scratch.path("tree"), "-c", scratch.path("rumpconfig.json"), "-o", image,
        ])
    }

    private func run(_ arguments: [String]) throws {
        let result = try StagedBake.run(arguments)
        try #require(result.status == 0, "\(result.stderrText)")
    }

    private func must(_ command: [String]) throws {
        let result = try runProcess(command)
        try #require(result.status == 0, "\(command): \(result.stderrText)")
    }

    // MARK: Every source at once

    /// What a source says: `ONLY_x` that it alone sets, and `UP_TO_y` for every source from itself
    /// on. So `UP_TO_y` is set by all sources up to y, and y must have won.
    private static func environment(of source: String) -> String {
        let above = sources.drop { $0 != source }
        let variables =
            ["\"ONLY_\(source)\":\"yes\""] + above.map { "\"UP_TO_\($0)\":\"\(source)\"" }
        return "\"env\":{\(variables.joined(separator: ","))}"
    }

    private static func document(_ source: String) -> String { "{\(environment(of: source))}" }

    @Test func theOrderOfAllSources() throws {
        try bake(Self.environment(of: "baked"))
        try scratch.write(Self.document("room"), to: "room.json")
        try run(["set", image, "--config", scratch.path("room.json")])
        let noCloud = try noCloudDisk(
            userData: "#bake-config\n\(Self.document("nocloud"))",
            metaData: "instance-id: i-1\nlocal-hostname: from-seed\n")
        let configDrive = try configDriveDisc(userData: Self.document("configdrive"))
        try scratch.write(Self.document("fw_cfg"), to: "fw.json")
        let smbios = Self.document("smbios").replacing(",", with: ",,")
        let console = try Machine.console([
            "-kernel", image, "-append",
            "quiet no_timer_check bake.explain \(Self.document("cmdline"))",
            "-fw_cfg", "name=opt/io.bake/config,file=\(scratch.path("fw.json"))",
            "-smbios", "type=11,value=other,value=io.bake.config=\(smbios)",
            "-drive", "if=virtio,format=raw,readonly=on,file=\(noCloud)",
            "-drive", "if=virtio,format=raw,readonly=on,file=\(configDrive)",
        ])
        let lines = Set(console.split(separator: "\n").map(String.init))
        for source in Self.sources {
            #expect(lines.contains("ONLY_\(source)=yes"), "\(source)\n\(console)")
            #expect(lines.contains("UP_TO_\(source)=\(source)"), "\(source)\n\(console)")
        }
        #expect(lines.contains("hostname=from-seed"))
        let published = try #require(lines.first { $0.hasPrefix("published=") })
        #expect(published.contains("\"UP_TO_cmdline\":\"cmdline\""), "\(published)")
        // What PID 1 itself says of it.
        for text in [
            """
            bake: env.UP_TO_cmdline = "cmdline"
            bake:   kernel command line:1:137
            bake:   hides "fw_cfg" of fw_cfg opt/io.bake/config:1:69 (QEMU firmware table)
            bake:   hides "smbios" of SMBIOS type 11 strings:2:108
            bake:   hides "nocloud" of seed disk user-data:2:122
            bake:   hides "configdrive" of seed disk openstack/latest/user_data:1:172
            bake:   hides "room" of configuration room:1:43 (bake set)
            bake:   hides "baked" of rumpconfig.json:1:214 (baked configuration)

            """,
            """
            bake: hostname = "from-seed"
            bake:   seed disk meta-data:2:17
            bake:   hides "from-drive" of seed disk openstack/latest/meta_data.json:1:14

            """,
        ] {
            #expect(console.contains(text), "no '\(text)' in\n\(console)")
        }
    }

    private func noCloudDisk(userData: String, metaData: String) throws -> String {
        let disk = scratch.path("cidata.img")
        try scratch.write(userData, to: "user-data")
        try scratch.write(metaData, to: "meta-data")
        try must(["mformat", "-C", "-i", disk, "-v", "CIDATA", "-f", "1440", "::"])
        try must([
            "mcopy", "-i", disk, scratch.path("user-data"), scratch.path("meta-data"), "::",
        ])
        return disk
    }

    private func configDriveDisc(userData: String) throws -> String {
        let disc = scratch.path("config-2.iso")
        try scratch.make([
            .directory("drive"), .directory("drive/openstack"),
            .directory("drive/openstack/latest"),
            .file("drive/openstack/latest/user_data", userData),
            .file("drive/openstack/latest/meta_data.json", "{\"hostname\":\"from-drive\"}"),
        ])
        try must([
            "xorriso", "-as", "mkisofs", "-quiet", "-J", "-R", "-V", "config-2", "-o", disc,
            scratch.path("drive"),
        ])
        return disc
    }

    @Test func aSeedThatDoesNotParseStopsTheBoot() throws {
        try bake("\"hostname\":\"baked\"")
        let disk = try noCloudDisk(userData: "#bake-config\n{\"env\":\n  {\"A\" 1}}", metaData: "")
        let result = try StagedBake.run([
            "run", "--accel", "tcg", "-g", "-drive", "-g",
            "if=virtio,format=raw,readonly=on,file=\(disk)", image,
        ])
        #expect(result.status == 125)
        #expect(
            result.stderrText.contains("seed disk user-data:3:8: error: expected ':'"),
            "\(result.stderrText)")
        #expect(!result.stdoutText.contains("hostname="))
    }

    @Test func whatIsTooLongForTheKernelGoesThroughTheFirmwareTable() throws {
        try bake("\"hostname\":\"baked\"")
        let result = try StagedBake.run([
            "run", "--accel", "tcg", "-e", "LONG=\(String(repeating: "a, b", count: 1500))",
            "--hostname", "table", image, "--", "an argument", "ümläut",
        ])
        #expect(result.status == 0, "\(result.stderrText)")
        for line in ["length=6000", "hostname=table", "arguments=an argument ümläut"] {
            #expect(result.stdoutText.contains("\(line)\n"), "\(line)\n\(result.stdoutText)")
        }
        try run(["set", image, "sources=[\"cmdline\",\"seed\"]"])
        let unheard = try StagedBake.run([
            "run", "--accel", "tcg", "-e", "LONG=\(String(repeating: "x", count: 3000))", image,
        ])
        #expect(unheard.status == 125)
        #expect(
            unheard.stderrText.contains(
                "the kernel takes 2047, and this image does not listen to QEMU's firmware table"),
            "\(unheard.stderrText)")
        #expect(unheard.stdoutText.isEmpty)
    }

    // MARK: Clouds

    /// QEMU starts it for every connection of the guest to 169.254.169.254, with the connection as
    /// standard input and output.
    private static let metadataServer = """
        #!/usr/bin/python3
        import os, sys
        request = b""
        while not request.endswith(b"\\r\\n\\r\\n"):
            request += os.read(0, 4096)
        lines = request.decode().split("\\r\\n")
        fields = [line.lower() for line in lines]
        def answer(status, body, field="X: y"):
            head = "HTTP/1.1 %s\\r\\n%s\\r\\nContent-Length: %d\\r\\n\\r\\n" % (status, field, len(body))
            sys.stdout.write(head + body)
            sys.exit(0)
        google = "Metadata-Flavor: Google"
        if lines[0] == "PUT /latest/api/token HTTP/1.1":
            if any(field.startswith("x-aws-ec2-metadata-token-ttl-seconds: ") for field in fields):
                answer("200 OK", "secret==")
        elif lines[0] == "GET /latest/user-data HTTP/1.1":
            if "x-aws-ec2-metadata-token: secret==" in fields:
                answer("200 OK", '#bake-config\\n{"env":{"EC2":"yes","BOTH":"ec2"}}')
        elif lines[0] == "GET /computeMetadata/v1/instance/attributes/bake-config HTTP/1.1":
            if google.lower() in fields:
                answer("200 OK", '{"env":{"GCP":"yes","BOTH":"gcp"},"hostname":"cloud"}', google)
        answer("400 Bad Request", "")

        """

    @Test func cloudsAreAskedOverTheGuestsNetwork() throws {
        try bake(
            "\"net\":[{\"method\":\"dhcp\"}],\"sources\":[\"ec2\",\"gcp\",\"cmdline\"]")
        let server = scratch.path("metadata")
        try scratch.write(Self.metadataServer, to: "metadata")
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: server)
        let result = try StagedBake.run([
            "run", "--accel", "tcg", "-I",
            "net,vioif,user,net=169.254.0.0/16,guestfwd=tcp:169.254.169.254:80-cmd:\(server)",
            image,
        ])
        #expect(result.status == 0, "\(result.stderrText)")
        for line in ["EC2=yes\n", "GCP=yes\n", "BOTH=gcp\n", "hostname=cloud\n", "inet 169.254."] {
            #expect(
                result.stdoutText.contains(line),
                "\(line)\n\(result.stdoutText)\(result.stderrText)"
            )
        }
    }

    /// One that may be missing is a warning, one that may not ends the boot.
    @Test func aCloudThatDoesNotAnswer() throws {
        try bake(
            """
            "sources":[{"name":"ec2","timeout":1,"required":false},{"name":"gcp","timeout":1}]
            """)
        let result = try StagedBake.run([
            "run", "--accel", "tcg", "--verbose", "-I", "net,vioif,user,restrict=on", image,
        ])
        #expect(result.status == 125)
        #expect(
            result.stderrText.contains("warning: cannot have the settings of 'ec2': "),
            "\(result.stderrText)")
        #expect(
            result.stderrText.contains("cannot have the settings of 'gcp': "),
            "\(result.stderrText)")
        #expect(!result.stdoutText.contains("hostname="))
    }
}
