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
        // So that a guest that cannot read the table does not start without it.
        let promise = Bytes((firmwareTable == nil ? "" : "bake.fw_cfg").utf8)
        let parts = [baked, timer, volume, promise, commandLine]
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
        try checkFirmwareTable()
        let byteCount = commandLineByteCount(on: accelerator)
        if byteCount > KernelCommandLine.byteCountLimit {
            throw .commandLineTooLong(
                byteCount: byteCount, limitByteCount: KernelCommandLine.byteCountLimit)
        }
    }

    /// Commas are doubled on QEMU's command line, where one argument has MAX_ARG_STRLEN.
    private func checkFirmwareTable() throws(LaunchError) {
        guard let argument = firmwareTableArgument else { return }
        let limit = 131_071
        if argument.count > limit {
            throw .firmwareTableTooLong(byteCount: argument.count, limitByteCount: limit)
        }
    }

    /// The value of QEMU's `-fw_cfg`.
    var firmwareTableArgument: Bytes? {
        guard let firmwareTable else { return nil }
        let comma = UInt8(ascii: ",")
        return Bytes("name=opt/io.bake/config,string=".utf8)
            + firmwareTable.flatMap { $0 == comma ? [comma, comma] : [$0] }
    }

    /// Of what the kernel gets: under BIOS the boot stub joins the baked command line, a space, and
    /// ours.
    func commandLineByteCount(on accelerator: Accelerator) -> Int {
        let passed = passedCommandLine(on: accelerator).count
        let isJoined = firmware == .bios && !bakedCommandLine.isEmpty
        return isJoined ? bakedCommandLine.count + 1 + passed : passed
    }
}
