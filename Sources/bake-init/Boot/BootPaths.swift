import BakeContract

/// Where things stand while the root is put together: in the initramfs, which nobody sees any more
/// afterwards. docs/image-format.md names what the image brings.
enum BootPaths {
    static let manifest = "/bake/manifest".bytes
    static let configuration = "/bake/rumpconfig.json".bytes
    static let settingsDigest = "/bake/settings-sha256".bytes
    static let room = "/bake/room".bytes
    static let blob = "/bake/blob".bytes
    static let lower = "/bake/lower".bytes
    static let memory = "/bake/memory".bytes
    static let seed = "/bake/seed".bytes
    static let root = "/bake/root".bytes
    static let verityName = "bake-root".bytes
}
