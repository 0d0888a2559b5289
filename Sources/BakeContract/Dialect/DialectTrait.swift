/// What makes a text one of rumprun's dialect, not strict JSON with our names.
public enum DialectTrait: Equatable, Sendable {
    case textInFront
    case extraComma
    case missingComma
    case bareKey
    case repeatedKey(Bytes)
    case severalObjects
    /// `rc_TESTING`, `/dev/ld0a`: another name here.
    case oldName(Bytes, Bytes)
    /// `net` and `blk` as rumprun's doc/config.md had them, never its code.
    case documentedForm(Bytes)
    /// A kernfs: nothing that a Linux guest needs to be told.
    case needless(Bytes)
}

extension DialectTrait: CustomStringConvertible {
    public var description: String {
        switch self {
        case .textInFront: "the text in front of the first '{' is passed over"
        case .extraComma: "a comma too many is passed over"
        case .missingComma: "a missing comma is added"
        case .bareKey: "a key without its quotes is taken as one"
        case .repeatedKey(let key): "'\(key.printable)' is given again and adds up"
        case .severalObjects: "several objects are merged in their order"
        case .oldName(let old, let new): "'\(old.printable)' is taken as '\(new.printable)'"
        case .documentedForm(let key):
            "'\(key.printable)' is taken in the form of rumprun's document"
        case .needless(let what):
            "'\(what.printable)' is passed over, a Linux guest has no use for it"
        }
    }
}

/// A trait and where it first shows, in bytes from the start of the user's text.
struct DialectNote: Equatable, Sendable {
    var offset: Int
    var trait: DialectTrait
}

/// Traits in the order they were met, each once.
struct DialectNotes {
    private(set) var all: [DialectNote] = []

    mutating func add(_ trait: DialectTrait, at offset: Int) {
        // A few are enough to tell.
        if all.count >= 16 || all.contains(where: { $0.trait == trait }) { return }
        all.append(DialectNote(offset: offset, trait: trait))
    }
}
