import BakeContract
import CGuest

/// `--verdict FILE...`: for each file the name, then what the contract makes of it, as the host's
/// binary prints it. Returns the exit status.
///
/// `FILE` is a rumpconfig.json; files of the same name with `.cmdline`, `.fw_cfg` and so on behind
/// it, where there are any, are what the platform says (`ConfigurationVerdict`).
func printVerdicts(_ arguments: [Bytes]) -> Int32 {
    guard arguments.count >= 3, arguments[1] == "--verdict".bytes else {
        write("usage: bake-init --verdict FILE...\n".bytes, to: STDERR_FILENO)
        return 64
    }
    let system = LinuxSystem()
    for path in arguments.dropFirst(2) {
        let configuration: Bytes
        do {
            configuration = try system.read(path, limit: 1 << 24)
        } catch {
            write("bake-init: error: \(path.shown): \(error.text)\n".bytes, to: STDERR_FILENO)
            return 66
        }
        let name = path.lastIndex(of: UInt8(ascii: "/")).map { Bytes(path[($0 + 1)...]) } ?? path
        let verdict = ConfigurationVerdict.text(configuration: configuration) { suffix in
            // What cannot be read is not there.
            try? system.read(path + suffix.description.bytes, limit: 1 << 24)  // as said above
        }
        write("== ".bytes + name + "\n".bytes + verdict, to: STDOUT_FILENO)
    }
    return 0
}

/// A reader that goes away is no failure of ours.
private func write(_ bytes: Bytes, to descriptor: Int32) {
    let file = FileDescriptor(adopting: descriptor)
    do { try file.write(all: bytes) } catch {}
    _ = file.release()
}

/// argv as bytes, from the kernel: Embedded Swift has no CommandLine.
func commandLineArguments(on system: LinuxSystem) -> [Bytes] {
    // Without /proc there are no arguments, which is answered with the usage.
    let text = (try? system.read("/proc/self/cmdline".bytes, limit: 1 << 20)) ?? []  // as said
    return text.split(at: 0).dropLast().map { Bytes($0) }
}
