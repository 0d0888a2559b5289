/// One thing that is wrong with an image: where, and what.
public struct Damage: Equatable, Sendable {
    public enum Place: Hashable, Sendable {
        case part(PartName)
        /// The zeros between a part and the next one, or the end of the file.
        case padding(after: PartName)
        /// What stands behind the last part: nothing, or a signature.
        case end
    }

    public var place: Place
    public var flaw: FormatFlaw

    public init(place: Place, flaw: FormatFlaw) {
        self.place = place
        self.flaw = flaw
    }
}

extension Damage: CustomStringConvertible {
    public var description: String { "\(place): \(flaw)" }
}

extension Damage.Place: CustomStringConvertible {
    public var description: String {
        switch self {
        case .part(let name): name.rawValue
        case .padding(let name): "padding behind \(name.rawValue)"
        case .end: "end of the file"
        }
    }
}
