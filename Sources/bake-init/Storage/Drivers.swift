import BakeContract

// Drivers of file systems: not loaded at every start, but where one is mounted.

private let folder = "/bake/modules/".bytes

/// Loads what `bake/modules/on-demand` of the initramfs has for these file systems, or all it has.
/// The list has a line for each: its name, and the modules in an order in which they can be loaded
/// (docs/image-format.md). What is built into the kernel is not in it.
///
/// - Returns: modules that could not be loaded; the mount that needs one fails with its own line.
func loadDrivers<System: GuestSystem>(
    of wanted: FileSystemSelection, on system: System
) -> [ModuleNote] {
    // No list, no such modules.
    guard let list = try? system.read(folder + "on-demand".bytes, limit: 1 << 20)  // as said above
    else { return [] }
    var notes: [ModuleNote] = []
    var done: [Bytes] = []
    for line in list.lines {
        let words = line.split(at: UInt8(ascii: " ")).filter { !$0.isEmpty }
        guard let name = words.first, wanted.holds(name) else { continue }
        for module in words.dropFirst() where !done.contains(module) {
            done.append(module)
            do {
                try system.loadModule(folder + module)
            } catch {
                if error != .exists { notes.append(ModuleNote(name: module, errno: error)) }
            }
        }
    }
    return notes
}
