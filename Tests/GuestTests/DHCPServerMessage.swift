import BakeContract

@testable import bake_init

/// A server's message, put together by hand from RFC 2131 section 2.
struct DHCPServerMessage {
    static let client: Bytes = [2, 0, 0, 0, 0, 9]

    var operation: UInt8 = 2
    var transactionID: UInt32
    var hardwareAddress = DHCPServerMessage.client
    var yourAddress: [UInt8] = [10, 0, 2, 15]
    var options: [(UInt8, Bytes)]
    /// Placed in the `file` field, for option 52.
    var fileOptions: Bytes = []

    static func offer(_ transactionID: UInt32) -> DHCPServerMessage {
        DHCPServerMessage(
            transactionID: transactionID,
            options: [
                (53, [2]), (54, [10, 0, 2, 2]), (1, [255, 255, 255, 0]), (3, [10, 0, 2, 2]),
                (6, [10, 0, 2, 3]), (51, [0, 0, 0, 100]),
            ])
    }

    static func ack(_ transactionID: UInt32) -> DHCPServerMessage {
        var message = offer(transactionID)
        message.options[0] = (53, [5])
        return message
    }

    static func nak(_ transactionID: UInt32) -> DHCPServerMessage {
        DHCPServerMessage(
            transactionID: transactionID, yourAddress: [0, 0, 0, 0],
            options: [(53, [6]), (54, [10, 0, 2, 2])])
    }

    func with(_ change: (inout DHCPServerMessage) -> Void) -> Bytes {
        var copy = self
        change(&copy)
        return copy.bytes
    }

    var bytes: Bytes {
        var bytes: Bytes = [operation, 1, 6, 0]
        bytes += [24, 16, 8, 0].map { UInt8(transactionID >> $0 & 255) }
        bytes += Bytes(repeating: 0, count: 8) + yourAddress + Bytes(repeating: 0, count: 8)
        bytes += hardwareAddress + Bytes(repeating: 0, count: 10 + 64)
        bytes += fileOptions + Bytes(repeating: 0, count: 128 - fileOptions.count)
        bytes += [0x63, 0x82, 0x53, 0x63]
        for (code, value) in options { bytes += [code, UInt8(value.count)] + value }
        return bytes + [255]
    }
}

/// What the client sent, read by hand.
struct DHCPClientMessage: Equatable {
    var kind: UInt8
    var transactionID: UInt32
    var clientAddress: Bytes
    var requestedAddress: Bytes?
    var server: Bytes?
    var hostname: Bytes?

    init?(_ bytes: Bytes) {
        guard bytes.count >= 300, Array(bytes[0..<4]) == [1, 1, 6, 0],
            Array(bytes[28..<34]) == DHCPServerMessage.client,
            Array(bytes[236..<240]) == [0x63, 0x82, 0x53, 0x63]
        else { return nil }
        transactionID = bytes[4..<8].reduce(0) { $0 << 8 | UInt32($1) }
        clientAddress = Array(bytes[12..<16])
        var options: [UInt8: Bytes] = [:]
        var position = 240
        while bytes[position] != 255 {
            let end = position + 2 + Int(bytes[position + 1])
            options[bytes[position]] = Array(bytes[(position + 2)..<end])
            position = end
        }
        guard let kind = options[53]?.first else { return nil }
        self.kind = kind
        requestedAddress = options[50]
        server = options[54]
        hostname = options[12]
    }
}
