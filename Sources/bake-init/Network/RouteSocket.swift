// rtnetlink(7): questions and orders to the kernel, and what it says unasked.

import BakeContract
import CGuest

/// Large enough for what the kernel puts into one datagram of a listing.
private let longestDatagram = 1 << 16

/// A socket for questions and orders, each answered before the call returns.
final class RouteSocket {
    private let descriptor: FileDescriptor
    private var sequence: UInt32 = 0

    init() throws(Errno) {
        descriptor = try openRouteSocket()
    }

    /// An order; returns when it is carried out.
    func carryOut(_ message: NetlinkMessage) throws(Errno) {
        try send(message, flags: NLM_F_REQUEST | NLM_F_ACK)
        while true {
            for answer in try receive() where answer.sequence == sequence {
                if let result = answer.result { return try check(result) }
            }
        }
    }

    /// Everything the kernel has of the kind asked for.
    func list(_ message: NetlinkMessage) throws(Errno) -> [NetlinkMessage] {
        try send(message, flags: NLM_F_REQUEST | NLM_F_DUMP)
        var entries: [NetlinkMessage] = []
        while true {
            for answer in try receive() where answer.sequence == sequence {
                if let result = answer.result {
                    try check(result)
                    return entries
                }
                if answer.type == UInt16(NLMSG_DONE) { return entries }
                entries.append(answer)
            }
        }
    }

    private func check(_ result: Int32) throws(Errno) {
        if result != 0 { throw Errno(result) }
    }

    private func send(_ message: NetlinkMessage, flags: Int32) throws(Errno) {
        sequence &+= 1
        var message = message
        message.sequence = sequence
        message.flags |= UInt16(flags)
        let bytes = message.encoded()
        try checked { CGuest.send(descriptor.number, bytes, bytes.count, 0) }
    }

    private func receive() throws(Errno) -> [NetlinkMessage] {
        NetlinkMessage.parse(try receiveDatagram(descriptor.number, flags: 0))
    }
}

/// A socket that hears of changes.
final class RouteListener {
    private let descriptor: FileDescriptor

    /// `groups` are numbers of RTNLGRP_.
    init(_ groups: [UInt32]) throws(Errno) {
        descriptor = try openRouteSocket()
        let number = descriptor.number
        for var group in groups {
            try checked {
                setsockopt(number, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, socklen_t(4))
            }
        }
    }

    var fileDescriptor: Int32 { descriptor.number }

    /// What has come since the last call, never waiting. `isComplete` is false when more came
    /// than the kernel keeps: then whoever counts on every change must look anew.
    func receive() -> (messages: [NetlinkMessage], isComplete: Bool) {
        var messages: [NetlinkMessage] = []
        var isComplete = true
        while true {
            do {
                let datagram = try receiveDatagram(fileDescriptor, flags: Int32(MSG_DONTWAIT))
                messages += NetlinkMessage.parse(datagram)
            } catch {
                guard error.code == ENOBUFS else { return (messages, isComplete) }
                isComplete = false
            }
        }
    }
}

extension NetlinkMessage {
    /// Of an answer to an order: 0, or why it was refused. nil for other messages.
    fileprivate var result: Int32? {
        guard type == UInt16(NLMSG_ERROR) else { return nil }
        return 0 &- Int32(bitPattern: payload.native32(at: 0))
    }
}

/// Bound to a number of the kernel's choice: what is sent to groups passes by a socket without.
private func openRouteSocket() throws(Errno) -> FileDescriptor {
    let number = try checked {
        guest_socket(AF_NETLINK, guest_SOCK_RAW_CLOEXEC, NETLINK_ROUTE)
    }
    let descriptor = FileDescriptor(adopting: number)
    var address = sockaddr_nl()
    address.nl_family = UInt16(AF_NETLINK)
    try checked { guest_bind(number, &address, socklen_t(MemoryLayout<sockaddr_nl>.size)) }
    return descriptor
}

private func receiveDatagram(_ descriptor: Int32, flags: Int32) throws(Errno) -> Bytes {
    var buffer = Bytes(repeating: 0, count: longestDatagram)
    let byteCount = try checked {
        buffer.withUnsafeMutableBytes {
            guest_netlink_receive(descriptor, $0.baseAddress, $0.count, flags)
        }
    }
    return Bytes(buffer.prefix(byteCount))
}
