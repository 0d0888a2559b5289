internal import Glibc
internal import Kernels
internal import SystemPackage
internal import Tools
internal import Trees

/// Where the second bake does its work: beside the output, where there was room for the first.
///
///     .bake-again-XXXXXX/bake.json  image/another.img  home/  tmp/  cache/
struct SecondBakeRoom: ~Copyable {
    private let directory: ScratchDirectory

    var path: FilePath { directory.path }
    var request: FilePath { path.appending("bake.json") }
    var image: FilePath { path.appending("image").appending("another.img") }
    var home: FilePath { path.appending("home") }
    var temporary: FilePath { path.appending("tmp") }
    var cache: FilePath { path.appending("cache") }

    init(beside output: FilePath) throws(BakeError) {
        let parent = output.removingLastComponent()
        do {
            directory = try ScratchDirectory(
                in: absolute(parent.isEmpty ? "." : parent), stem: ".bake-again-")
        } catch {
            throw BakeError(
                .outputNotWritable,
                "cannot make room for a second bake beside '\(output)': \(error)")
        }
    }

    /// Makes the directories, and lends them the cache of the first bake, but for what it keeps of
    /// images: that is made again.
    func furnish(lending lent: KernelCache) throws(BakeError) {
        do {
            for name in ["image", "home", "tmp", "cache"] {
                try makeDirectory(path.appending(name))
            }
            guard kind(of: lent.root) == .directory else { return }
            let root = try absolute(lent.root)
            for name in try namesInDirectory(root) where !Self.ownOfImages.contains(name) {
                try makeLink(cache.appending(name), to: root.appending(name))
            }
        } catch {
            throw BakeError(.outputNotWritable, "cannot prepare '\(path)': \(error)")
        }
    }

    private static let ownOfImages: Set = ["initramfs", "names"]

    consuming func remove() throws(BakeError) {
        let path = path
        do throws(Errno) {
            try directory.remove()
        } catch {
            throw BakeError(.failed, "cannot remove '\(path)': \(error)")
        }
    }
}
