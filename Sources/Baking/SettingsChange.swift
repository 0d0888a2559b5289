public import BakeContract
internal import Images
internal import SystemPackage

/// `bake set`: what a finished image is configured to do, changed in its file.
///
/// Atomic: the image has the old settings or the new ones, whatever happens meanwhile.
public struct SettingsChange: Sendable {
    /// Path of the image.
    public var image: String
    /// Forget what was set before.
    public var isReset = false
    /// Path of a configuration laid over the image's.
    public var configurationFile: String?
    /// Over that, a merge patch: `{"env": {"PORT": "8080"}, "hostname": null}`.
    public var patch = JSONValue.object([])
    /// Check, and write nothing.
    public var isDryRun = false

    public init(image: String) {
        self.image = image
    }

    /// Where the new settings went.
    public enum Way: String, Sendable {
        /// There was nothing to write, or nothing was to be written.
        case unchanged
        /// Into the image's room, in place.
        case inPlace
        /// The room was too small: the image was written anew, with another baked configuration.
        case rewritten
    }

    public struct Report: Sendable {
        public let way: Way
        /// What is set over the baked configuration, a merge patch.
        public let patch: JSONValue
        /// Baked configuration and patch together.
        public let settings: JSONValue
        /// What the room holds of the patch, and what it can hold, in bytes.
        public let patchByteCount: Int
        public let roomByteCount: Int
        /// The image carried a signature, which is worth nothing now.
        public let brokeSignature: Bool
    }

    public func run() throws(BakeError) -> Report {
        let edit = try edit()
        let editor = try opened()
        let outcome = try outcome(of: edit, for: editor.image)
        let isSigned = editor.isSigned
        let patch = outcome.patch.sorted.compactText
        let way = try write(patch, outcome.effective.value, editor)
        return Report(
            way: way, patch: way == .rewritten ? .object([]) : outcome.patch,
            settings: outcome.effective.value,
            patchByteCount: way == .rewritten ? 0 : patch.count,
            roomByteCount: ConfigurationRoom.textLimitByteCount,
            brokeSignature: isSigned && way != .unchanged)
    }
}

extension SettingsChange {
    private static let flags = Bytes("command line".utf8)

    private func edit() throws(BakeError) -> ConfigurationEdit {
        var changes: [JSONFileSource] = []
        if let configurationFile {
            do {
                changes.append(
                    JSONFileSource(
                        kind: .room, file: Bytes(configurationFile.utf8),
                        text: try readWholeFile(FilePath(configurationFile))))
            } catch {
                throw BakeError(.missingInput, "cannot read '\(configurationFile)': \(error)")
            }
        }
        if patch != .object([]) {
            changes.append(
                JSONFileSource(kind: .room, file: Self.flags, text: patch.compactText))
        }
        return ConfigurationEdit(isReset: isReset, changes: changes)
    }

    private func opened() throws(BakeError) -> ImageEditor {
        do throws(ImageError) {
            return try ImageEditor(opening: FilePath(image))
        } catch .file(.lock, _, _) {
            throw BakeError(
                .failed, "cannot change '\(image)': another 'bake set' is changing it",
                hint: "try again when it is done")
        } catch .file(.open, _, let errno) where errno != .noSuchFileOrDirectory {
            throw BakeError(.outputNotWritable, "cannot change '\(image)': \(errno)")
        } catch {
            throw BakeError(error, image: image)
        }
    }

    private func outcome(
        of edit: ConfigurationEdit, for image: BootImage
    ) throws(BakeError) -> ConfigurationEdit.Outcome {
        let baked: Bytes?
        let room: Bytes
        do throws(ImageError) {
            (baked, room) = (try image.bakedConfiguration(), try image.configurationPatch())
        } catch {
            throw BakeError(error, image: self.image)
        }
        do throws(ConfigurationError) {
            return try edit.outcome(baked: baked, room: room)
        } catch {
            // A position in the text we made of the flags would tell nobody anything.
            throw BakeError(
                .malformedInput,
                error.file == Self.flags ? error.problem.description : error.description)
        }
    }

    private func write(
        _ patch: Bytes, _ settings: JSONValue, _ editor: consuming ImageEditor
    ) throws(BakeError) -> Way {
        do throws(ImageError) {
            let isSame = try patch == editor.image.configurationPatch()
            if isSame || isDryRun { return .unchanged }
            if patch.count <= ConfigurationRoom.textLimitByteCount {
                try editor.write(patch: patch)
                return .inPlace
            }
            try editor.rewrite(
                configuration: settings.sorted.prettyText, bakeVersion: bakeVersion)
            return .rewritten
        } catch {
            throw BakeError(error, output: image)
        }
    }
}
