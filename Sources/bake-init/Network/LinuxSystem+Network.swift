import BakeContract

extension LinuxSystem {
    func bringUpLoopback() throws(GuestFailure) {
        do {
            try bake_init.bringUpLoopback()
        } catch {
            throw .network(error)
        }
    }

    func configure(
        _ interface: NetworkInterface, hostname: Bytes?
    ) throws(GuestFailure) -> ConfiguredInterface {
        let configured: ConfiguredInterface
        do {
            configured = try bringUp(InterfaceRequest(interface: interface, hostname: hostname))
        } catch {
            throw .network(error)
        }
        if let warning = writeResolverFile(configured.addressing) {
            say("bake: warning: \(warning)".bytes)
        }
        return configured
    }
}

/// A program that needs names says so itself; what is returned says why it cannot have them.
func writeResolverFile(_ addressing: InterfaceAddressing) -> String? {
    let outcome = writeResolverFile(
        nameServers: addressing.nameServers, domain: addressing.domain, under: [])
    switch outcome {
    case .written, .keptTheTreesOwn, .noNameServers: return nil
    case .readOnly, .failed: return outcome.description
    }
}
