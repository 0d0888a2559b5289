// All that the platform says, from every source that the image listens to.

import BakeContract

/// Asks the sources of this machine, those of the network last: their network may be what the
/// others say.
func askPlatform<System: GuestSystem>(
    baked: Bytes?, room: Bytes?, on system: System
) throws(GuestFailure) -> PlatformFindings {
    var findings = PlatformFindings(commandLine: readCommandLine(on: system))
    let selection = try refused { () throws(ConfigurationError) in
        try EffectiveConfiguration.selection(baked: baked, room: room)
    }
    try ask(SeedDisks(), selection, on: system, &findings)
    try ask(SMBIOSStrings(), selection, on: system, &findings)
    try ask(FirmwareTable(), selection, on: system, &findings)
    try ask(Xenstore(), selection, on: system, &findings)
    try checkPromise(findings)
    try askNetwork(selection, baked: baked, room: room, on: system, &findings)
    return findings
}

private func ask<Finder: SourceFinder, System: GuestSystem>(
    _ finder: Finder, _ selection: SourceSelection, on system: System,
    _ findings: inout PlatformFindings
) throws(GuestFailure) {
    guard selection.listens(to: Finder.source) else { return }
    do {
        try finder.find(on: system, into: &findings)
    } catch {
        throw .source(Finder.source, error)
    }
}

/// A launcher that has put settings into QEMU's firmware table says so on the kernel command line:
/// a kernel without the driver would start without them.
private func checkPromise(_ findings: PlatformFindings) throws(GuestFailure) {
    let line = try refused { () throws(ConfigurationError) in
        try KernelCommandLine.parse(findings.commandLine)
    }
    if line.promisesFirmwareTable && findings.firmwareTable == nil {
        throw .source(.firmwareTable, .noFirmwareTable)
    }
}

/// A question for a metadata server.
struct MetadataQuestion: Equatable {
    var service: MetadataExchange.Service
    var request: SourceRequest

    var source: OverrideSource {
        switch service {
        case .ec2: .ec2
        case .gcp: .gcp
        }
    }
}

private func askNetwork<System: GuestSystem>(
    _ selection: SourceSelection, baked: Bytes?, room: Bytes?, on system: System,
    _ findings: inout PlatformFindings
) throws(GuestFailure) {
    var questions: [MetadataQuestion] = []
    for service: MetadataExchange.Service in [.ec2, .gcp] {
        let source: OverrideSource = service == .ec2 ? .ec2 : .gcp
        guard let request = selection.request(to: source) else { continue }
        questions.append(MetadataQuestion(service: service, request: request))
    }
    guard !questions.isEmpty else { return }
    // What is refused without the clouds' settings may be right with them; else it is told later.
    let known = try? EffectiveConfiguration.booting(  // as said above
        baked: baked, room: room, platform: findings)
    var interfaces = known?.configuration.interfaces ?? []
    if interfaces.isEmpty { interfaces = [NetworkInterface(method: .dhcp)] }
    let answers = try system.askMetadata(
        questions, over: interfaces, hostname: known?.configuration.hostname)
    for (question, answer) in zip(questions, answers) {
        switch question.service {
        case .ec2: findings.ec2 = answer
        case .gcp: findings.gcp = answer
        }
    }
}

private func refused<Value>(
    _ body: () throws(ConfigurationError) -> Value
) throws(GuestFailure) -> Value {
    do {
        return try body()
    } catch {
        throw .configuration(error)
    }
}
