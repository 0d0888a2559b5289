import BakeContract

/// Carries out the steps of a boot plan that make the machine ready, one call for each. What to do
/// was decided before; here it is only done, and a failure named.
struct StepRunner<System: GuestSystem> {
    let system: System
    private var loopDevice: Bytes?
    private var verityDevice: Bytes?
    /// The network at work, for whoever serves it while programs run.
    var network: NetworkKeeper?
    /// For every program; PID 1 itself keeps what it has.
    var limits: [ResourceLimit] = []

    init(on system: System) {
        self.system = system
    }

    /// `runPrograms`, `becomeInit` and `finish` are the session's, and change nothing here.
    mutating func carryOut(_ step: BootStep) throws(GuestFailure) {
        switch step {
        case .mountBasics:
            try mountBasics(on: system)
        case .loadModules, .readSettings, .debugShell, .reportTiming, .runPrograms, .becomeInit,
            .finish:
            return
        case .checkDigest(let path, let byteCount, let digest):
            try checkDigest(of: path, byteCount: byteCount, expected: digest)
        case .attachLoop(let path):
            // PID 1 keeps it open: dm-verity, which takes it next, is told its path alone.
            do {
                let device = try system.attachLoop(
                    to: path, isReadOnly: true, blockByteCount: 4096)
                loopDevice = device.path
            } catch {
                throw .cannotAttachLoop(error)
            }
        case .setUpVerity(let device, let parameters):
            try setUpVerity(over: path(of: device), parameters)
        case .mountBlob(let device):
            try mountBlob(from: path(of: device))
        case .overlay:
            try overlayRoot(on: system)
        case .unpackBlob(let path, let byteCount):
            try mountRootInMemory(on: system)
            try system.unpack(path, byteCount: byteCount, into: BootPaths.root)
        case .loadDrivers(let selection):
            for note in bake_init.loadDrivers(of: selection, on: system) {
                system.say("bake: note: module \(note.name.shown): \(note.errno.text)".bytes)
            }
        case .switchRoot:
            try enterRoot(on: system)
        case .sealRoot:
            try sealRoot(on: system)
        case .setHostname, .setKernelSetting, .bringUpLoopback, .mountDisk, .mount, .writeFile,
            .publishConfiguration, .configureNetwork, .setLimit:
            try prepare(step)
        }
    }

    private func path(of device: BlobDevice) -> Bytes {
        switch device {
        case .persistentMemory(let path): path
        case .loop: loopDevice ?? []
        case .verity: verityDevice ?? []
        }
    }

    private func checkDigest(
        of path: Bytes, byteCount: UInt64, expected: Bytes
    ) throws(GuestFailure) {
        let found: Bytes
        do {
            found = try system.sha256(of: path, byteCount: byteCount).hexadecimal
        } catch {
            throw error == .io ? .cannotReadBlob(error) : .cannotDigest(error)
        }
        guard found == expected else {
            throw .wrongBlobDigest(expected: expected, found: found)
        }
    }

    private mutating func setUpVerity(
        over device: Bytes, _ parameters: VerityParameters
    ) throws(GuestFailure) {
        do {
            verityDevice = try system.activateVerity(
                VerityTable(device: device, parameters), name: BootPaths.verityName)
        } catch {
            throw .cannotSetUpVerity(error)
        }
    }

    private func mountBlob(from device: Bytes) throws(GuestFailure) {
        makeDirectoryIfMissing(BootPaths.lower, mode: 0o755, on: system)
        do {
            try system.mount(
                Mount(
                    source: device, target: BootPaths.lower, type: "squashfs".bytes,
                    flags: [.readOnly]))
        } catch {
            throw .cannotMountBlob(error)
        }
    }
}
