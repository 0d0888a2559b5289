internal import BakeContract

extension LaunchRequest {
    /// What the loader passes to the kernel. `quiet` also keeps the kernel's 16-bit code from
    /// writing about disk probing. Without KVM on a busy machine timer interrupts come late, which
    /// the kernel takes for a broken timer and panics: hence `no_timer_check`, which it decides by
    /// itself under KVM.
    func passedCommandLine(on accelerator: Accelerator) -> Bytes {
        let baked = firmware == .uefi ? bakedCommandLine : []
        let timer = Bytes((accelerator == .tcg ? "no_timer_check" : "").utf8)
        let volume = Bytes((isVerbose ? "bake.verbose loglevel=7" : "quiet").utf8)
        let parts = [baked, timer, volume, commandLine]
        return Bytes(parts.filter { !$0.isEmpty }.joined(separator: [0x20]))
    }

    /// Refuses what needs no look at the machine to be refused.
    func check(on accelerator: Accelerator) throws(LaunchError) {
        if effectiveMemoryMiB < minimumMemoryMiB {
            throw .memoryTooSmall(givenMiB: effectiveMemoryMiB, neededMiB: minimumMemoryMiB)
        }
        if let forward = forwards.first, !networkCards.contains(where: \.isUserNetwork) {
            throw networkCards.isEmpty ? .networkOff(forward) : .noUserNetwork(forward)
        }
        // Under BIOS the boot stub joins the baked command line, a space, and ours.
        let passed = passedCommandLine(on: accelerator).count
        let joined =
            firmware == .uefi || bakedCommandLine.isEmpty
            ? passed : bakedCommandLine.count + 1 + passed
        if joined > QEMUCommand.commandLineLimitByteCount {
            throw .commandLineTooLong(
                byteCount: joined, limitByteCount: QEMUCommand.commandLineLimitByteCount)
        }
    }
}
