// Which entry of `net` means which interface. Pure.

import BakeContract

/// The interface of each entry, in the entries' order; nil where there is none (yet).
///
/// Entries that name one, by name or hardware address, come first. Each of the others takes the
/// next Ethernet interface that nobody named; entries of both families count apart, so that an
/// `inet` and an `inet6` entry without a name mean the same interface.
func selectInterfaces(_ entries: [NetworkInterface], among links: [Link]) -> [Link?] {
    let ethernet = ethernetInterfaces(among: links)
    let named = entries.map { entry -> Link? in
        switch entry.selector {
        case .unnamed: nil
        case .name(let name, let position):
            links.first { $0.name == name }
                ?? position.flatMap { ethernet.indices.contains($0) ? ethernet[$0] : nil }
        case .hardwareAddress(let address): ethernet.first { $0.hardwareAddress == address }
        }
    }
    let free = ethernet.filter { link in !named.contains { $0?.index == link.index } }
    var takenCounts = (version4: 0, version6: 0)
    return entries.indices.map { index in
        guard entries[index].selector == .unnamed else { return named[index] }
        let position = entries[index].isVersion6 ? takenCounts.version6 : takenCounts.version4
        if entries[index].isVersion6 {
            takenCounts.version6 += 1
        } else {
            takenCounts.version4 += 1
        }
        return position < free.count ? free[position] : nil
    }
}

/// In the order in which they are taken: those with hardware behind them first, by index.
private func ethernetInterfaces(among links: [Link]) -> [Link] {
    links.filter { $0.hardwareAddress != nil }.sorted {
        $0.hasHardware == $1.hasHardware ? $0.index < $1.index : $0.hasHardware
    }
}
