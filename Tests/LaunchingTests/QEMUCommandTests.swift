import BakeContract
import Launching
import SystemPackage
import Testing

/// Nothing of this machine: what is printed here is the same everywhere.
let toolsOfTests = LaunchTools(
    qemu: "/usr/bin/qemu-system-x86_64",
    uefi: .split(
        code: "/usr/share/OVMF/OVMF_CODE_4M.fd", variables: "/usr/share/OVMF/OVMF_VARS_4M.fd"))

func request(_ change: (inout LaunchRequest) -> Void) -> LaunchRequest {
    var request = LaunchRequest(image: "app.img")
    change(&request)
    return request
}

/// One argument a line, an option and its value together, then the line for a shell.
private func rendered(_ command: QEMUCommand) -> String {
    var lines: [String] = []
    for argument in command.arguments.map({ String(decoding: $0, as: UTF8.self) }) {
        if let last = lines.last, last.hasPrefix("-"), !last.contains(" "), !argument.hasPrefix("-")
        {
            lines[lines.count - 1] = "\(last) \(argument)"
        } else {
            lines.append(argument)
        }
    }
    return (lines + ["", String(decoding: command.shellLine, as: UTF8.self), ""])
        .joined(separator: "\n")
}

@Suite struct QEMUCommandTests {
    static let everything = request {
        $0.image = "dir with space/app,v1.img"
        $0.firmware = .uefi
        $0.machine = .q35
        $0.memoryMiB = 1024
        $0.cpuCount = 2
        $0.forwards = [
            PortForward(hostPort: 8080, guestPort: 80),
            PortForward(
                transport: .udp, hostAddress: "0.0.0.0", hostPort: 5353, guestPort: 53),
        ]
        $0.bakedCommandLine = Bytes("console=ttyS0".utf8)
        $0.commandLine = Bytes(#"{"hostname":"it's"} -- a b"#.utf8)
        $0.isInteractive = true
        $0.isVerbose = true
        $0.name = MachineName("a.b")
        $0.gdbPort = 1234
        $0.isPaused = true
        $0.extraArguments = [Bytes("-d".utf8), Bytes("int".utf8)]
    }

    static let cases: [(String, LaunchRequest, Accelerator, LaunchTools)] = [
        ("bios", request { _ in }, .tcg, toolsOfTests),
        ("kvm", request { $0.machine = .q35 }, .kvm, toolsOfTests),
        ("no-network", request { $0.networkCards = [] }, .tcg, toolsOfTests),
        (
            "cards",
            request {
                $0.networkCards = [
                    NetworkCard(tag: "a", backend: "tap,ifname=tap0,script=no"), .standard,
                    .standard,
                ]
                $0.forwards = [PortForward(hostPort: 8080, guestPort: 80)]
            }, .tcg, toolsOfTests
        ),
        (
            "disks",
            request {
                var first = DiskFile(path: "nbd:with,comma")
                first.format = .raw
                var second = DiskFile(path: "/dev/sdx")
                (second.format, second.isDevice, second.options) = (.qcow2, true, "noatime,ro")
                $0.disks = [first, second]
            }, .tcg, toolsOfTests
        ),
        (
            "firmware-table",
            request {
                $0.firmwareTable = Bytes(#"{"env":{"A":"1","B":"2, 3"}}"#.utf8)
                $0.commandLine = Bytes("-- a".utf8)
            }, .tcg, toolsOfTests
        ),
        ("everything-uefi", everything, .tcg, toolsOfTests),
        (
            "uefi-one-file", request { $0.firmware = .uefi }, .tcg,
            LaunchTools(qemu: toolsOfTests.qemu, uefi: .combined("/usr/share/ovmf/OVMF.fd"))
        ),
    ]

    @Test(arguments: cases.indices)
    func goldens(index: Int) throws {
        let (name, request, accelerator, tools) = Self.cases[index]
        try expectGolden(
            name, rendered(try QEMUCommand(request, accelerator: accelerator, tools: tools)))
    }

    @Test func theImageIsTheOnlyFileOfTheGuest() throws {
        let command = try QEMUCommand(Self.everything, accelerator: .tcg, tools: toolsOfTests)
        let words = command.arguments.map { String(decoding: $0, as: UTF8.self) }
        #expect(!words.contains("-initrd"))
        #expect(!words.contains { $0.hasPrefix("if=") && !$0.hasPrefix("if=pflash") })
        #expect(words.filter { $0.contains("app,v1.img") } == ["dir with space/app,v1.img"])
    }

    @Test func imagePathsAreBytes() throws {
        let odd: [CChar] = [0x61, CChar(bitPattern: 0xff), 0x62, 0]
        let path = odd.withUnsafeBufferPointer { FilePath(platformString: $0.baseAddress!) }
        let command = try QEMUCommand(
            LaunchRequest(image: path), accelerator: .tcg, tools: toolsOfTests)
        #expect(command.arguments.contains([0x61, 0xff, 0x62]))
    }

    @Test(
        arguments: [
            (nil, 0, 512), (nil, 100, 512), (nil, 400, 656), (64, 0, 64), (100, 100, 100),
        ] as [(Int?, Int, Int)])
    func memory(given: Int?, minimum: Int, expected: Int) throws {
        let request = request {
            $0.memoryMiB = given
            $0.minimumMemoryMiB = minimum
        }
        let command = try QEMUCommand(request, accelerator: .tcg, tools: toolsOfTests)
        #expect(command.arguments.contains(Bytes("\(expected)M".utf8)))
    }

    @Test(
        arguments: [
            ("a,vioif", "user"), ("a,xenif,tap,ifname=t", "tap,ifname=t"),
            ("a,vioif,-net tap,script=no", "tap,script=no"), ("a,vioif,-netdev user", "user"),
        ])
    func networkCards(text: String, backend: String) throws {
        #expect(try NetworkCard(parsing: text) == NetworkCard(tag: "a", backend: backend))
    }

    @Test(arguments: ["", "a", "a,", ",vioif", "a,vioif,", "a,vioif,-net ", "a,vioif,-x"])
    func noNetworkCard(text: String) {
        #expect(throws: LaunchError.badNetworkCard(text)) { try NetworkCard(parsing: text) }
    }

    static let refusals: [(LaunchRequest, LaunchTools, LaunchError)] = [
        (
            request {
                $0.memoryMiB = 64
                $0.minimumMemoryMiB = 72
            }, toolsOfTests, .memoryTooSmall(givenMiB: 64, neededMiB: 72)
        ),
        (
            request {
                $0.networkCards = []
                $0.forwards = [PortForward(hostPort: 1, guestPort: 2)]
            }, toolsOfTests, .networkOff(PortForward(hostPort: 1, guestPort: 2))
        ),
        (
            request {
                $0.networkCards = [NetworkCard(tag: "a", backend: "tap")]
                $0.forwards = [PortForward(hostPort: 1, guestPort: 2)]
            }, toolsOfTests, .noUserNetwork(PortForward(hostPort: 1, guestPort: 2))
        ),
        (
            request { $0.firmware = .uefi },
            LaunchTools(qemu: toolsOfTests.qemu, uefi: nil), .noFirmware
        ),
        (
            request { $0.commandLine = Bytes(repeating: 0x61, count: 2027) }, toolsOfTests,
            .commandLineTooLong(byteCount: 2048, limitByteCount: 2047)
        ),
        (
            request {
                $0.bakedCommandLine = Bytes(repeating: 0x62, count: 1000)
                $0.commandLine = Bytes(repeating: 0x61, count: 1026)
            }, toolsOfTests, .commandLineTooLong(byteCount: 2048, limitByteCount: 2047)
        ),
    ]

    @Test(arguments: refusals.indices)
    func refuses(index: Int) {
        let (request, tools, error) = Self.refusals[index]
        #expect(throws: error) { try QEMUCommand(request, accelerator: .tcg, tools: tools) }
    }

    @Test(arguments: [LaunchRequest.Firmware.bios, .uefi])
    func theLongestCommandLineIsTaken(firmware: LaunchRequest.Firmware) throws {
        let request = request {
            $0.firmware = firmware
            $0.bakedCommandLine = Bytes(repeating: 0x62, count: 1000)
            $0.commandLine = Bytes(repeating: 0x61, count: 1025)
        }
        #expect(throws: Never.self) {
            try QEMUCommand(request, accelerator: .tcg, tools: toolsOfTests)
        }
    }
}
