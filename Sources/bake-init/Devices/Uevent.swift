import BakeContract

/// A block dm-verity refused to hand out, as its uevent tells
/// (drivers/md/dm-verity-target.c: `DM_VERITY_ERR_BLOCK_NR=TYPE,BLOCK`).
struct DamagedBlock: Equatable {
    /// The block holds hashes, not data.
    var isMetadata: Bool
    var number: UInt64

    var text: String {
        "\(isMetadata ? "hash block" : "block") \(number) of it does not match its digest"
    }

    /// Nil for any other event. A message is `ACTION@PATH`, then `NAME=VALUE`s, each with a NUL
    /// behind it.
    init?(uevent message: Bytes) {
        let key = "DM_VERITY_ERR_BLOCK_NR=".bytes
        guard let field = message.split(at: 0).first(where: { $0.starts(with: key) }) else {
            return nil
        }
        let values = Bytes(field.dropFirst(key.count)).split(at: UInt8(ascii: ","))
        guard values.count == 2, let type = values[0].decimal, let number = values[1].decimal else {
            return nil
        }
        isMetadata = type == 1
        self.number = number
    }
}
