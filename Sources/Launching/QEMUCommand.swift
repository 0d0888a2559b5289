public import BakeContract
internal import Glibc
internal import SystemPackage

/// QEMU's arguments for a request: a pure value, the same for running and for printing.
///
/// The program's channels are virtio-serial ports. Standard input comes from QEMU's own; the
/// others leave through the descriptors of `Channel`. Those are written as the *log file* of a
/// character device on purpose: QEMU writes log files whole, waiting for a slow reader, while a
/// character device's own end drops what is pending when the guest powers off. A log file is opened
/// anew through /dev/fd, so terminals, pipes and files all do and nobody else's descriptor becomes
/// non-blocking. (QEMU 7.2: chardev/char.c, qemu_chr_write_log.)
public struct QEMUCommand: Equatable, Sendable {
    /// What the guest writes, and the descriptor QEMU finds for it.
    enum Channel: Int32, CaseIterable {
        case stdout = 3
        case stderr = 4
        case status = 5
        case console = 6
    }

    public let request: LaunchRequest
    public let accelerator: Accelerator
    /// Program and arguments.
    public let arguments: [Bytes]

    /// Throws what can be known without looking at the machine: too little memory, a command line
    /// the kernel would not survive, no firmware, forwards without a network.
    public init(
        _ request: LaunchRequest, accelerator: Accelerator, tools: LaunchTools
    ) throws(LaunchError) {
        try request.check(on: accelerator)
        self.request = request
        self.accelerator = accelerator
        var words = [tools.qemu.string] + Self.machine(request, accelerator)
        words += try Self.firmware(request, tools)
        words += Self.network(request)
        words += Self.disks(request)
        words += Self.channels()
        words += Self.debugging(request)
        var arguments = words.map { Bytes($0.utf8) }
        arguments += Self.kernel(request, accelerator)
        if let name = request.name {
            arguments += [Bytes("-name".utf8), Bytes("guest=\(name.text)".utf8)]
        }
        self.arguments = arguments + request.extraArguments
    }

    private static func machine(
        _ request: LaunchRequest, _ accelerator: Accelerator
    ) -> [String] {
        [
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-machine", request.machine.rawValue,
            "-accel", accelerator.rawValue,
            "-cpu", accelerator == .kvm ? "host" : "max",
            "-smp", "\(request.cpuCount)",
            "-m", "\(request.effectiveMemoryMiB)M",
            "-device", "virtio-rng-pci",
        ]
    }

    /// Variables change in a throw-away overlay, so nothing is copied and nothing needs removing.
    private static func firmware(
        _ request: LaunchRequest, _ tools: LaunchTools
    ) throws(LaunchError) -> [String] {
        guard request.firmware == .uefi else { return [] }
        switch tools.uefi {
        case .split(let code, let variables):
            return [
                "-drive", "if=pflash,unit=0,format=raw,readonly=on,file=\(code)",
                "-drive", "if=pflash,unit=1,format=raw,snapshot=on,file=\(variables)",
            ]
        case .combined(let path):
            return ["-bios", path.string]
        case nil:
            throw .noFirmware
        }
    }

    /// No option ROM: nothing boots from the network.
    private static func network(_ request: LaunchRequest) -> [String] {
        let forwards = request.forwards.map { ",hostfwd=\($0.qemuRule)" }.joined()
        let outward = request.networkCards.firstIndex(where: \.isUserNetwork)
        return request.networkCards.enumerated().flatMap { position, card in
            [
                "-netdev", card.netdev(at: position) + (position == outward ? forwards : ""),
                "-device", "virtio-net-pci,netdev=net\(position),romfile=",
            ]
        }
    }

    /// Each a virtio disk, its file locked by QEMU. `-blockdev` takes the name as it is; `-drive`
    /// would find protocols in it (`nbd:...`).
    private static func disks(_ request: LaunchRequest) -> [String] {
        request.disks.enumerated().flatMap { position, disk in
            let driver = disk.isDevice ? "host_device" : "file"
            return [
                "-blockdev",
                "driver=\((disk.format ?? .raw).rawValue),node-name=disk\(position),"
                    + "read-only=\(disk.isReadOnly ? "on" : "off"),file.driver=\(driver),"
                    + "file.filename=\(doubledCommas(disk.path.string))",
                "-device", "virtio-blk-pci,drive=disk\(position)",
            ]
        }
    }

    /// As QEMU's options want a comma in a value.
    private static func doubledCommas(_ text: String) -> String {
        text.split(separator: ",", omittingEmptySubsequences: false).joined(separator: ",,")
    }

    /// Port 0 is kept for a console the guest does not have; each further one costs two queues.
    private static func channels() -> [String] {
        let input = [
            "-device", "virtio-serial-pci,max_ports=5",
            "-chardev", "stdio,id=stdin,signal=off",
            "-device", "virtserialport,nr=1,chardev=stdin,name=io.bake.stdin",
        ]
        let outputs = [Channel.stdout, .stderr, .status].enumerated().flatMap { index, channel in
            [
                "-chardev", writer(channel),
                "-device",
                "virtserialport,nr=\(index + 2),chardev=\(channel),name=io.bake.\(channel)",
            ]
        }
        return input + outputs + ["-chardev", writer(.console), "-serial", "chardev:console"]
    }

    private static func writer(_ channel: Channel) -> String {
        "file,id=\(channel),path=/dev/null,logfile=/dev/fd/\(channel.rawValue),logappend=on"
    }

    private static func debugging(_ request: LaunchRequest) -> [String] {
        (request.gdbPort.map { ["-gdb", "tcp:127.0.0.1:\($0)"] } ?? [])
            + (request.isPaused ? ["-S"] : [])
    }

    private static func kernel(_ request: LaunchRequest, _ accelerator: Accelerator) -> [Bytes] {
        let image = request.image.withPlatformString { name in
            UnsafeBufferPointer(start: name, count: strlen(name)).map { UInt8(bitPattern: $0) }
        }
        let commandLine = request.passedCommandLine(on: accelerator)
        return [Bytes("-kernel".utf8), image]
            + (commandLine.isEmpty ? [] : [Bytes("-append".utf8), commandLine])
            + (request.firmwareTableArgument.map { [Bytes("-fw_cfg".utf8), $0] } ?? [])
    }
}
