internal import BakeContract
internal import Baking
internal import SystemPackage

/// Files that are read whole, for commands.
enum InputText {
    static func bytes(of file: String) throws(CommandFailure) -> Bytes {
        do {
            return try readWholeFile(FilePath(file))
        } catch {
            throw CommandFailure(.missingInput, "cannot read '\(file)': \(error)")
        }
    }
}
