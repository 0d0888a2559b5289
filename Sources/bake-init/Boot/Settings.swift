import BakeContract

func readManifest<System: GuestSystem>(on system: System) throws(GuestFailure) -> GuestManifest {
    let text: Bytes
    do {
        text = try system.read(BootPaths.manifest, limit: 1 << 16)
    } catch {
        throw .cannotReadManifest(error)
    }
    do {
        return try GuestManifest.parse(text)
    } catch {
        throw .manifestIsDamaged(error)
    }
}

/// For now only the arguments on the kernel command line; everything else comes with the contract's
/// effective configuration.
func effectiveConfiguration<System: GuestSystem>(
    on system: System
) throws(GuestFailure) -> (Configuration, Bytes) {
    var configuration = Configuration()
    // A kernel without /proc/cmdline said nothing.
    let text = (try? system.read("/proc/cmdline".bytes, limit: 1 << 16)) ?? []  // as said above
    let words = text.trimmed.split(at: UInt8(ascii: " "))
    if let index = words.firstIndex(of: "--".bytes), index + 1 < words.count {
        let arguments = Array(words[(index + 1)...])
        configuration.workload = .programs([Program(bin: arguments[0], arguments: arguments)])
    }
    return (configuration, "{}\n".bytes)
}

/// The words before ` -- `; what stands behind belongs to the program.
func kernelCommandLineWords<System: GuestSystem>(on system: System) -> [Bytes] {
    // A kernel without /proc/cmdline said nothing.
    let text = (try? system.read("/proc/cmdline".bytes, limit: 1 << 16)) ?? []  // as said above
    let words = text.trimmed.split(at: UInt8(ascii: " "))
    return Array(words.prefix { $0 != "--".bytes })
}
