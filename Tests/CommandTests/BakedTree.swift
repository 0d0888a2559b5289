import Foundation
import TestSupport

/// A tree as the whole tool bakes it, for readers that are not ours.
struct BakedTree {
    let scratch: TemporaryDirectory
    /// What bake said.
    let words: String
    /// The squashfs, or the tar in its LZ4 frame.
    let blob: String

    /// Bakes what `flags` name, in `scratch`, which is the working directory.
    init(_ flags: [String], in scratch: TemporaryDirectory) throws {
        self.scratch = scratch
        let bake = try StagedBake.run(
            ["--no-default-etc", "-o", "app.img"] + flags, in: scratch.path, timeoutSeconds: 120)
        guard bake.status == 0 else { throw TestFailure("\(bake.status): \(bake.stderrText)") }
        words = bake.stderrText
        blob = scratch.path("app.blob")
        let extract = try StagedBake.run(
            ["extract", "app.img", "blob-data", "-o", blob], in: scratch.path)
        guard extract.status == 0 else { throw TestFailure(extract.stderrText) }
    }

    /// What unsquashfs makes of the squashfs.
    func unpacked() throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let result = try runProcess(
            ["unsquashfs", "-no-progress", "-force", "-d", directory.path, blob])
        guard result.status == 0 else { throw TestFailure(result.stderrText) }
        return directory
    }

    /// The content of one file of the squashfs.
    func content(_ path: String) throws -> String {
        let result = try runProcess(["rdsquashfs", "-c", path, blob])
        guard result.status == 0 else { throw TestFailure(result.stderrText) }
        return result.stdoutText
    }

    /// One line a file of the squashfs: mode, owner, size and time, path.
    func listing() throws -> [String] {
        let result = try runProcess(["unsquashfs", "-UTC", "-lln", blob])
        guard result.status == 0 else { throw TestFailure(result.stderrText) }
        return result.stdoutText.split(separator: "\n").map { line in
            line.split(separator: " ").joined(separator: " ")
                .replacing("squashfs-root", with: "")
        }
    }
}
