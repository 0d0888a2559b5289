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
        let outcome = writeResolverFile(
            nameServers: configured.addressing.nameServers, domain: configured.addressing.domain,
            under: [])
        // A program that needs names says so itself; the line says why it cannot have them.
        if case .failed = outcome { say("bake: warning: \(outcome.description)".bytes) }
        return configured
    }
}
