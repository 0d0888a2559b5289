public import BakeContract
public import SystemPackage

/// Why an image cannot be started, or not watched to its end.
public enum LaunchError: Error, Equatable, Sendable {
    /// No QEMU for the architecture in the search path.
    case noQEMU(program: String)
    /// UEFI was asked for and none of its known places holds the firmware.
    case noFirmware
    /// KVM was asked for and does not work; the reason says why.
    case noKVM(reason: String)
    case cannotReadImage(path: FilePath, errno: Errno)
    case memoryTooSmall(givenMiB: Int, neededMiB: Int)
    /// The kernel cuts or hangs on longer command lines; counted without the NUL.
    case commandLineTooLong(byteCount: Int, limitByteCount: Int)
    /// Settings or arguments that no channel carries.
    case overrides(CommandLineLimit)
    case overridesTooLong(byteCount: Int, TableObstacle)
    case firmwareTableTooLong(byteCount: Int, limitByteCount: Int)
    case badPortForward(String)
    case networkOff(PortForward)
    case noUserNetwork(PortForward)
    case badNetworkCard(String)
    case badDisk(String)
    case cannotUseDisk(path: FilePath, DiskFileProblem)
    case portInUse(PortForward)
    /// The host refuses the port for another reason, such as one below 1024 or a foreign address.
    case portRefused(PortForward, errno: Errno)
    /// The machine cannot have its name.
    case machine(MachineError)
    /// A system call of the launcher itself failed.
    case system(call: String, errno: Errno)
    /// QEMU ended by itself with a failure; `message` is what it wrote.
    case qemuFailed(status: Int32, message: Bytes)
}

/// Why settings that are too long for the kernel command line cannot go into QEMU's firmware table.
public enum TableObstacle: Equatable, Sendable {
    /// `sources` of the image leaves it out.
    case tableNotHeard
    /// The image has settings on its own kernel command line, which win over the table's.
    case bakedCommandLineWins
}

extension LaunchError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noQEMU(let program):
            "'\(program)' is not installed\n  hint: apt-get install qemu-system-x86"
        case .noFirmware:
            "no UEFI firmware found in \(UEFIFirmware.places)\n  hint: apt-get install ovmf"
        case .noKVM(let reason):
            "\(reason)\n  hint: --accel tcg runs without KVM, slower"
        case .cannotReadImage(let path, let errno):
            "cannot read image '\(path)': \(errno)"
        case .memoryTooSmall(let given, let needed):
            "\(given) MiB of memory are too little: this image needs at least \(needed) MiB"
                + "\n  hint: -M \(needed)"
        case .commandLineTooLong(let byteCount, let limit):
            "the kernel command line would be \(byteCount) bytes, the kernel takes \(limit)"
                + "\n  hint: bake what is long into the image with bake set"
        case .overrides(let limit): limit.description
        case .overridesTooLong(let byteCount, let obstacle):
            "the kernel command line would be \(byteCount) bytes, the kernel takes"
                + " \(KernelCommandLine.byteCountLimit), and \(obstacle)"
                + "\n  hint: bake what is long into the image with bake set"
        case .firmwareTableTooLong(let byteCount, let limit):
            "the settings are \(byteCount) bytes, QEMU's command line takes \(limit)"
                + "\n  hint: bake what is long into the image with bake set"
        case .badPortForward(let text):
            "'\(text)' is not a port forward"
                + "\n  hint: [udp:][ADDRESS:]HOST:GUEST, such as 8080:80 or 0.0.0.0:8080:80"
        case .networkOff(let forward):
            "cannot forward \(forward): the network is off"
        case .noUserNetwork(let forward):
            "cannot forward \(forward): no card is on a network of QEMU's own"
                + "\n  hint: add one with -I TAG,vioif"
        case .badNetworkCard(let text):
            "'\(text)' is not a network card"
                + "\n  hint: TAG,BASE[,NETDEV], such as net0,vioif or net0,vioif,tap,ifname=tap0"
        case .badDisk(let text):
            "'\(text)' is not a disk"
                + "\n  hint: [FORMAT:]FILE[,MOUNTPOINT[,FSTYPE[,OPTION...]]], such as data.img,/data"
        case .cannotUseDisk(let path, let problem):
            "cannot use '\(path)' as a disk: \(problem)"
        case .portInUse(let forward):
            "\(forward.transport.rawValue) port \(forward.hostPort) on \(forward.hostAddress)"
                + " is already in use\n  hint: take another, such as"
                + " -p \(forward.hostPort &+ 1):\(forward.guestPort)"
        case .portRefused(let forward, let errno):
            "cannot listen on \(forward.transport.rawValue) port \(forward.hostPort) of"
                + " \(forward.hostAddress): \(errno)"
        case .machine(let error): error.description
        case .system(let call, let errno):
            "\(call): \(errno)"
        case .qemuFailed(let status, let message):
            message.isEmpty
                ? "QEMU failed with status \(status) and said nothing"
                : "QEMU failed with status \(status):\n"
                    + ConsoleTail.printableLines(message).joined(separator: "\n")
        }
    }
}

extension TableObstacle: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tableNotHeard: "this image does not listen to QEMU's firmware table ('sources')"
        case .bakedCommandLineWins:
            "the settings on the image's own kernel command line win over QEMU's firmware table"
        }
    }
}
