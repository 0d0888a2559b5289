public import BakeContract
public import SystemPackage

/// What is to be started and how, as one value; nothing is opened or looked up.
public struct LaunchRequest: Equatable, Sendable {
    public enum Firmware: String, CaseIterable, Sendable {
        case bios, uefi
    }

    public enum Machine: String, CaseIterable, Sendable {
        case pc, q35
    }

    /// The image, spelled as the user did. The only file the guest is handed.
    public var image: FilePath
    public var firmware = Firmware.bios
    public var machine = Machine.pc
    /// RAM in MiB; nil takes `defaultMemoryMiB`, or more where the image needs more.
    public var memoryMiB: Int?
    /// RAM in MiB below which the image does not start with this firmware (its manifest knows);
    /// 0 when unknown.
    public var minimumMemoryMiB = 0
    public var cpuCount = 1
    /// In the order in which the guest finds them.
    public var networkCards = [NetworkCard.standard]
    public var forwards: [PortForward] = []
    /// In the order in which the guest finds them; their formats are known.
    public var disks: [DiskFile] = []
    /// The kernel command line inside the image. UEFI loaders replace it by what they pass on, so
    /// there it is passed again; under BIOS the boot stub joins the two.
    public var bakedCommandLine: Bytes = []
    /// What is added to the command line: overrides and arguments, encoded by BakeContract.
    public var commandLine: Bytes = []
    /// What does not fit there: the file `opt/io.bake/config` of QEMU's firmware table.
    public var firmwareTable: Bytes?
    /// The program reads this process's standard input; otherwise it sees the end at once.
    public var isInteractive = false
    /// Shows what firmware, kernel and PID 1 write to the serial console, on standard error.
    public var isVerbose = false
    /// What QEMU and `bake stop` call the machine.
    public var name: MachineName?
    /// What the guest's programs have to end once they are told to.
    public var graceSeconds = 5
    /// TCP port on the loopback interface where QEMU serves gdb.
    public var gdbPort: UInt16?
    /// Starts with the processors stopped, for a debugger.
    public var isPaused = false
    /// Arguments for QEMU, after all of ours.
    public var extraArguments: [Bytes] = []

    public static let defaultMemoryMiB = 512
    /// What is left to the program where the image alone needs nearly all of the default.
    private static let programMemoryMiB = 256

    public init(image: FilePath) {
        self.image = image
    }

    /// RAM in MiB the machine gets.
    public var effectiveMemoryMiB: Int {
        memoryMiB ?? max(Self.defaultMemoryMiB, minimumMemoryMiB + Self.programMemoryMiB)
    }
}
