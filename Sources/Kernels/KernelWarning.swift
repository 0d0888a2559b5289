internal import SystemPackage

/// Something the user should hear about a kernel that is used all the same.
public enum KernelWarning: Equatable, Sendable, CustomStringConvertible {
    /// The file speaks the boot protocol, but its payload is nothing a Linux build makes.
    case notLikelyLinux
    /// No configuration file: these options could not be checked.
    case unchecked(options: [String])
    /// Something the image can do without, with what it costs.
    case missingOptional(option: String, consequence: String)
    /// Looking for a newer package failed; the kernel that is already there is used.
    case notRefreshed(reason: String)

    public var description: String {
        switch self {
        case .notLikelyLinux:
            "the kernel follows the boot protocol, but does not look like Linux"
        case .unchecked(let options):
            "the kernel's configuration is not at hand, not checked: "
                + options.joined(separator: ", ")
        case .missingOptional(let option, let consequence):
            "the kernel has no \(option): \(consequence)"
        case .notRefreshed(let reason):
            "could not look for a newer kernel: \(reason)"
        }
    }
}
