internal import BakeContract

/// What one image is made of: its configuration and the files of its layers, lowest first.
struct ImageParts {
    let configuration: JSONValue
    let layers: [ImageFile]
}

extension ImageParts {
    /// Refuses an image for another machine, where it says what it is for.
    func checkPlatform(_ wanted: ImagePlatform) throws(ContainerProblem) {
        guard let platform = ImagePlatform(configuration), !platform.satisfies(wanted) else {
            return
        }
        throw .otherPlatform(platform, wanted: wanted)
    }
}
