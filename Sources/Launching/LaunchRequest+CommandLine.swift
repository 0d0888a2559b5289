internal import BakeContract

extension LaunchRequest {
    /// What the loader passes to the kernel. `quiet` also keeps the kernel's 16-bit code from
    /// writing about disk probing.
    var passedCommandLine: Bytes {
        let flag = Bytes((isVerbose ? "bake.verbose" : "quiet").utf8)
        let baked = firmware == .uefi ? [bakedCommandLine] : []
        return Bytes(
            (baked + [flag, commandLine]).filter { !$0.isEmpty }.joined(separator: [0x20]))
    }

    /// Refuses what needs no look at the machine to be refused.
    func check() throws(LaunchError) {
        if effectiveMemoryMiB < minimumMemoryMiB {
            throw .memoryTooSmall(givenMiB: effectiveMemoryMiB, neededMiB: minimumMemoryMiB)
        }
        if !hasNetwork, let forward = forwards.first {
            throw .networkOff(forward)
        }
        // Under BIOS the boot stub joins the baked command line, a space, and ours.
        let joined =
            firmware == .uefi || bakedCommandLine.isEmpty
            ? passedCommandLine.count : bakedCommandLine.count + 1 + passedCommandLine.count
        if joined > QEMUCommand.commandLineLimitByteCount {
            throw .commandLineTooLong(
                byteCount: joined, limitByteCount: QEMUCommand.commandLineLimitByteCount)
        }
    }
}
