internal import Glibc
public import SystemPackage

/// The programs and files of this machine a launch needs, found once.
public struct LaunchTools: Equatable, Sendable {
    public var qemu: FilePath
    /// nil where no firmware is installed; an error only when UEFI is asked for.
    public var uefi: UEFIFirmware?

    public static let qemuProgram = "qemu-system-x86_64"

    public init(qemu: FilePath, uefi: UEFIFirmware?) {
        self.qemu = qemu
        self.uefi = uefi
    }

    /// Looks for QEMU in a search path (the PATH variable's value) and for the firmware where
    /// distributions put it.
    public static func find(searchPath: String) throws(LaunchError) -> LaunchTools {
        let candidates = searchPath.split(separator: ":").map { FilePath("\($0)/\(qemuProgram)") }
        guard let qemu = candidates.first(where: { isFile($0, mode: X_OK) }) else {
            throw .noQEMU(program: qemuProgram)
        }
        return LaunchTools(qemu: qemu, uefi: UEFIFirmware.find { isFile($0, mode: R_OK) })
    }

    private static func isFile(_ path: FilePath, mode: Int32) -> Bool {
        path.withPlatformString { name in
            var status = stat()
            return stat(name, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
                && access(name, mode) == 0
        }
    }
}

/// OVMF as a distribution installs it.
public enum UEFIFirmware: Equatable, Sendable {
    /// Code, and an empty store of variables to start from.
    case split(code: FilePath, variables: FilePath)
    /// Both in one file; variables live in RAM.
    case combined(FilePath)

    static let places = "/usr/share/OVMF, /usr/share/ovmf, /usr/share/edk2 or /usr/share/qemu"

    /// In order of preference. Without Secure Boot: images are not signed unless asked for.
    static let candidates: [UEFIFirmware] = [
        .split(
            code: "/usr/share/OVMF/OVMF_CODE_4M.fd", variables: "/usr/share/OVMF/OVMF_VARS_4M.fd"),
        .split(code: "/usr/share/OVMF/OVMF_CODE.fd", variables: "/usr/share/OVMF/OVMF_VARS.fd"),
        .split(
            code: "/usr/share/edk2/x64/OVMF_CODE.4m.fd",
            variables: "/usr/share/edk2/x64/OVMF_VARS.4m.fd"),
        .split(
            code: "/usr/share/edk2/ovmf/OVMF_CODE.fd",
            variables: "/usr/share/edk2/ovmf/OVMF_VARS.fd"),
        .combined("/usr/share/ovmf/OVMF.fd"),
        .combined("/usr/share/qemu/OVMF.fd"),
    ]

    static func find(isPresent: (FilePath) -> Bool) -> UEFIFirmware? {
        candidates.first { candidate in
            switch candidate {
            case .split(let code, let variables): isPresent(code) && isPresent(variables)
            case .combined(let path): isPresent(path)
            }
        }
    }
}
