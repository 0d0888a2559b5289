// One entry of `net` at work, whatever kind it is.

import BakeContract
import CGuest

enum AddressSource {
    case fixed(FixedAddress)
    case fixedVersion6(FixedVersion6Address)
    case leased(LeaseKeeper)
    case advertised(AdvertisedAddress)

    /// Before the links are up, so that nothing is missed that comes as soon as they are.
    init(
        _ entry: NetworkInterface, hostname: Bytes?, on control: LinkControl,
        clock: @escaping () -> Milliseconds
    ) throws(NetworkError) {
        switch entry.method {
        case .dhcp:
            self = .leased(
                try LeaseKeeper(entry, hostname: hostname, on: control, clock: clock))
        case .fixed(let address, let prefix, let gateway):
            let addressing = InterfaceAddressing(
                address: address, prefix: prefix,
                routes: gateway.map { [.defaultRoute(through: $0)] } ?? [])
            self = .fixed(try FixedAddress(addressing, on: control))
        case .fixedVersion6(let address, let prefix, let gateway):
            self = .fixedVersion6(
                try FixedVersion6Address(address, prefix, gateway: gateway, on: control))
        case .automaticVersion6:
            self = .advertised(try AdvertisedAddress(on: control))
        }
    }

    var control: LinkControl {
        switch self {
        case .fixed(let address): address.control
        case .fixedVersion6(let address): address.control
        case .leased(let keeper): keeper.control
        case .advertised(let address): address.control
        }
    }

    /// Fixed addresses can be had or not; the others are looked for without end.
    var isFixed: Bool {
        switch self {
        case .fixed, .fixedVersion6: true
        case .leased, .advertised: false
        }
    }

    /// Where something may come in; nil when nothing more is waited for. Changes.
    var fileDescriptor: Int32? {
        switch self {
        case .fixed(let address): address.fileDescriptor
        case .fixedVersion6(let address): address.fileDescriptor
        case .leased(let keeper): keeper.fileDescriptor
        case .advertised(let address): address.fileDescriptor
        }
    }

    var deadline: Milliseconds? {
        switch self {
        case .fixed(let address): address.deadline
        case .fixedVersion6(let address): address.deadline
        case .leased(let keeper): keeper.deadline
        case .advertised(let address): address.deadline
        }
    }

    /// Whether the interface has what the entry promises.
    var isReady: Bool {
        switch self {
        case .fixed(let address): address.isReady
        case .fixedVersion6(let address): address.isReady
        case .leased(let keeper): keeper.addressing != nil
        case .advertised(let address): address.isReady
        }
    }

    /// Does what is due, never waiting. A thrown error is final for a fixed address; the others
    /// try again by themselves.
    func serve(at now: Milliseconds) throws(NetworkError) -> [LeaseNote] {
        switch self {
        case .fixed(let address): try address.serve(at: now)
        case .fixedVersion6(let address): try address.serve()
        case .leased(let keeper): return keeper.serve()
        case .advertised(let address):
            if try address.serve(at: now) {
                return [address.isReady ? .advertised : .unadvertised]
            }
        }
        return []
    }

    func failure(waitedSeconds: Int) -> NetworkError {
        switch self {
        case .fixed(let address):
            .failed(.setAddress, interface: address.control.name, errno: Errno(ETIMEDOUT))
        case .fixedVersion6(let address): address.failure(waitedSeconds: waitedSeconds)
        case .leased(let keeper): keeper.failure(waitedSeconds: waitedSeconds)
        case .advertised(let address): address.failure(waitedSeconds: waitedSeconds)
        }
    }
}
