public import BakeContract

extension LaunchRequest {
    /// Lays settings and arguments over what the image says, by the channel that fits: the kernel
    /// command line, else QEMU's firmware table.
    ///
    /// - Parameters:
    ///   - settings: a merge patch.
    ///   - arguments: nil leaves the program's own.
    ///   - selection: what the image listens to.
    public mutating func override(
        _ settings: JSONValue, arguments: [Bytes]?, heardBy selection: SourceSelection
    ) throws(LaunchError) {
        let text: Bytes
        do {
            // With TCG it is longer.
            text = try KernelCommandLine.encode(
                override: settings, arguments: arguments,
                reservedByteCount: commandLineByteCount(on: .tcg) + 1)
        } catch {
            guard case .tooLong(let byteCount) = error else { throw .overrides(error) }
            try checkFirmwareTable(heardBy: selection, insteadOf: byteCount)
            return try fillFirmwareTable(settings, arguments)
        }
        let isHeard = text.isEmpty || selection.listens(to: .commandLine)
        if !isHeard && selection.listens(to: .firmwareTable) {
            return try fillFirmwareTable(settings, arguments)
        }
        commandLine = text
    }

    private func checkFirmwareTable(
        heardBy selection: SourceSelection, insteadOf byteCount: Int
    ) throws(LaunchError) {
        guard selection.listens(to: .firmwareTable) else {
            throw .overridesTooLong(byteCount: byteCount, .tableNotHeard)
        }
        // A line that does not parse is told by the guest.
        let baked = try? KernelCommandLine.parse(bakedCommandLine)  // as said above
        if let baked, !baked.overrides.isEmpty || baked.isReplacing {
            throw .overridesTooLong(byteCount: byteCount, .bakedCommandLineWins)
        }
    }

    private mutating func fillFirmwareTable(
        _ settings: JSONValue, _ arguments: [Bytes]?
    ) throws(LaunchError) {
        do {
            firmwareTable = try KernelCommandLine.encodeForFirmwareTable(
                override: settings, arguments: arguments)
        } catch {
            throw .overrides(error)
        }
    }
}
