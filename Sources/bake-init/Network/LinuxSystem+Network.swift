import BakeContract

extension LinuxSystem {
    func bringUpLoopback() throws(GuestFailure) {
        do {
            try bake_init.bringUpLoopback()
        } catch {
            throw .network(error)
        }
    }

    /// `hostname` is the configuration's; without one the network may say it.
    func configure(
        _ interfaces: [NetworkInterface], hostname: Bytes?
    ) throws(GuestFailure) -> NetworkKeeper? {
        let keeper: NetworkKeeper
        do {
            keeper = try bringUp(NetworkRequest(entries: interfaces, hostname: hostname))
        } catch {
            throw .network(error)
        }
        for note in keeper.warnings { say("bake: warning: \(note.description)".bytes) }
        if hostname == nil, let name = keeper.hostname {
            do { try setHostname(name) } catch { throw .cannotSetHostname(name, error) }
        }
        if let warning = keeper.writeResolverFile() { say("bake: warning: \(warning)".bytes) }
        return keeper
    }
}
