internal import BakeContract

/// What one image is made of: its configuration and the files of its layers, lowest first.
struct ImageParts {
    let configuration: JSONValue
    let layers: [ImageFile]
}

extension ImageParts {
    /// One for each layer; empty strings where the configuration has no list that fits.
    var differenceIDs: [String] {
        let listed = configuration["rootfs"]?["diff_ids"]?.array ?? []
        let digests = listed.compactMap { $0.string.map { String(decoding: $0, as: UTF8.self) } }
        return digests.count == layers.count ? digests : layers.map { _ in "" }
    }

    /// Refuses an image for another machine, where it says what it is for.
    func checkPlatform(_ wanted: ImagePlatform) throws(ContainerProblem) {
        guard let platform = ImagePlatform(configuration), !platform.satisfies(wanted) else {
            return
        }
        throw .otherPlatform(platform, wanted: wanted)
    }
}
