// What a prefix says about addresses.

import BakeContract

extension IPv4PrefixLength {
    /// The prefix of no bits: the default route's.
    static var everything: IPv4PrefixLength { IPv4PrefixLength(count: 0)! }
    static var oneAddress: IPv4PrefixLength { IPv4PrefixLength(count: 32)! }

    /// What an address had before masks were sent along (RFC 791 classes): for a DHCP server
    /// that names none.
    init(classOf address: IPv4Address) {
        switch address.bits >> 30 {
        case 0, 1: self.init(count: 8)!
        case 2: self.init(count: 16)!
        default: self.init(count: 24)!
        }
    }

    /// The network's last address; the address itself where there is no room for one (/31, /32).
    func broadcast(of address: IPv4Address) -> IPv4Address {
        count >= 31 ? address : IPv4Address(bits: address.bits | ~mask.bits)
    }
}
