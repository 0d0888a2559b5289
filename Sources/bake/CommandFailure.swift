internal import BakeContract
internal import Baking
internal import Images
internal import Kernels
internal import SystemPackage

/// A failure on its way to the user: what is printed, and the status the process ends with.
struct CommandFailure: Error {
    let status: ExitStatus
    let message: String
    let hint: String?

    init(_ status: ExitStatus, _ message: String, hint: String? = nil) {
        self.status = status
        self.message = message
        self.hint = hint
    }

    init(_ error: BakeError) {
        let status: ExitStatus =
            switch error.kind {
            case .failed: .failed
            case .malformedInput: .malformedInput
            case .missingInput: .missingInput
            case .unavailable: .unavailable
            case .outputNotWritable: .outputNotWritable
            }
        self.init(status, error.description, hint: error.hint)
    }

    init(_ error: KernelsError) {
        self.init(BakeError(error))
    }

    /// A failure with an image that is read, or with what is written from it.
    init(_ error: ImageError, image: String, output: String? = nil) {
        switch error {
        case .file(_, let path, _) where path.string == output:
            self.init(.outputNotWritable, error.description)
        case .file:
            self.init(.missingInput, error.description)
        case .notAnImage, .cutShort, .compression, .tooLarge:
            self.init(.malformedInput, error.description)
        case .malformed:
            self.init(.malformedInput, "'\(image)': \(error)", hint: "bake it again")
        case .missingTool(let name, let package):
            self.init(
                .unavailable, "'\(name)' is not installed", hint: "apt-get install \(package)")
        case .absent:
            self.init(.missingInput, "'\(image)': \(error)")
        case .patchTooLong, .memberTooLarge:
            self.init(.malformedInput, error.description)
        case .toolFailed:
            self.init(.failed, error.description)
        }
    }
}
