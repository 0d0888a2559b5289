import SystemPackage
import TestSupport
import Testing

@testable import Kernels

/// Drivers of file systems: which travel in an image, and what cannot be had.
@Suite struct DriverTests {
    private func selection(
        _ bundle: KernelBundle? = nil, _ change: (inout DriverDemands) -> Void = { _ in }
    ) throws -> ModuleSelection {
        let bundle = try bundle ?? realBundle()
        var demands = DriverDemands()
        change(&demands)
        let fitness = try bundle.fitness(for: ImageDemands(blob: .squashfs(.zstd)))
        return try bundle.modules(for: fitness, demands)
    }

    private func names(_ selection: ModuleSelection) -> [String: [String]] {
        Dictionary(
            uniqueKeysWithValues: selection.onDemand.map { ($0.fileSystem, $0.modules.map(\.name)) }
        )
    }

    /// As modprobe would load them, with what vfat asks modprobe for before it.
    @Test func everyImageReadsSeedDisks() throws {
        let selection = try selection()
        #expect(
            names(selection) == [
                "iso9660": ["cdrom", "isofs"], "vfat": ["nls_cp437", "nls_ascii", "fat", "vfat"],
            ])
        #expect(Set(selection.all.map(\.name)).count == selection.all.count)
        #expect(!selection.atStart.contains { $0.name == "vfat" })
        #expect(selection.all.starts(with: selection.atStart))
    }

    @Test func whatIsAskedForComesAlong() throws {
        let asked = try names(
            selection {
                $0.requests = ["xfs", "ext3", "virtiofs", "tmpfs", "romfs"].map {
                    .init(fileSystem: $0, asker: "'blk'")
                }
                $0.modules = ["erofs", "virtio_scsi"]
            })
        #expect(asked["xfs"]?.last == "xfs")
        #expect(asked["virtiofs"] == ["fuse", "virtiofs"])
        #expect(asked["erofs"]?.last == "erofs")
        #expect(asked["romfs"]?.last == "romfs")
        // Part of the kernel, the one as what it is, the other as ext4.
        #expect(asked["tmpfs"] == nil && asked["ext3"] == nil)
    }

    @Test func unknownDisksBringWhatMostDisksHave() throws {
        let names = names(try selection { $0.hasUnknownDisks = true })
        #expect(names["erofs"] != nil && names["xfs"] == nil)
    }

    @Test func otherModulesAreLoadedAtTheStart() throws {
        let selection = try selection { $0.modules = ["virtio-scsi"] }
        #expect(selection.atStart.last?.name == "virtio_scsi")
        let error = #expect(throws: KernelsError.self) {
            try self.selection { $0.modules = ["no_such_module"] }
        }
        #expect(error?.description.contains("no module 'no_such_module' in '") == true)
        #expect(error?.hint?.contains("find ") == true)
    }

    @Test func aFileSystemTheKernelLacksIsNamedWithWhoWantsIt() throws {
        let error = #expect(throws: KernelsError.self) {
            try selection { $0.requests = [.init(fileSystem: "9p", asker: "'blk'")] }
        }
        let version = try realBundle().version
        #expect(
            error?.description
                == "kernel \(version) cannot mount 9p, which 'blk' asks for: CONFIG_9P_FS is not set "
                + "(mounts 9p)")
        #expect(error?.hint?.contains("another kernel") == true)
        #expect(throws: KernelsError.self) { try selection { $0.modules = ["ntfs3"] } }
    }

    /// The options that docs/kernels.md has rows for.
    @Test(arguments: FileSystemDriver.all.flatMap(\.features).map(\.option))
    func optionIsDocumented(option: String) throws {
        let page = try readFile(FilePath("\(StagedBake.repository)/docs/kernels.md"))
        #expect(String(decoding: page, as: UTF8.self).contains(option))
    }
}
