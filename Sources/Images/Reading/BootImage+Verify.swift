internal import BakeContract
public import SystemPackage

extension BootImage {
    /// Looks at every byte of an image and says what is wrong, in file order; empty when nothing
    /// is. Every byte is under a digest or must be zero (docs/image-format.md, *Manifest*), so
    /// one flipped bit anywhere is found.
    ///
    /// Takes a path because a damaged image may not open. Throws when the file cannot be read or
    /// was never an image.
    ///
    /// - Parameter skippingBlob: leave the blob's content out, which a guest checks block by block
    ///   while it runs; what is left is read in milliseconds.
    public static func verify(
        _ path: FilePath, skippingBlob: Bool = false
    ) throws(ImageError) -> [Damage] {
        let file = try InputFile(path)
        let located: LocatedManifest
        switch try LocatedManifest.find(in: file) {
        case .found(let manifest): located = manifest
        case .damaged(let damage): return [damage]
        }
        let parts: [ImagePart]
        switch try damageOrValue({ () throws(ImageError) in
            try PartTable.parts(of: located.manifest, at: located.range)
        }) {
        case .value(let table): parts = table
        case .damage(let damage): return [damage]
        }
        var damages = try PartVerifier(
            file: file, manifest: located.manifest, parts: parts, skipsBlob: skippingBlob
        ).run()
        if damages.isEmpty {
            // Every byte is as it was written; then it must also make sense.
            switch try damageOrValue({ () throws(ImageError) in
                try BootImage(file).checkGuestManifest()
            }) {
            case .value: break
            case .damage(let damage): damages.append(damage)
            }
        }
        return damages
    }
}

extension BootImage {
    /// PID 1 must hear the same about the blob as we do.
    fileprivate func checkGuestManifest() throws(ImageError) {
        guard try guestManifest() == manifest.blob.guestManifest.encoded else {
            throw .malformed(part: .settings, flaw: .badField(Self.guestManifestMember))
        }
    }
}

/// What a look at untrusted bytes came to.
enum DamageOrValue<Value> {
    case value(Value)
    case damage(Damage)
}

/// Turns an error about the bytes into a damage; an error of the system stays one.
func damageOrValue<Value>(
    _ body: () throws(ImageError) -> Value
) throws(ImageError) -> DamageOrValue<Value> {
    do {
        return .value(try body())
    } catch {
        switch error {
        case .malformed(let part, let flaw):
            return .damage(Damage(place: .part(part), flaw: flaw))
        case .cutShort(_, let byteCount, let neededByteCount):
            let flaw = FormatFlaw.truncated(
                byteCount: byteCount, neededByteCount: neededByteCount)
            return .damage(Damage(place: .end, flaw: flaw))
        default:
            throw error
        }
    }
}
