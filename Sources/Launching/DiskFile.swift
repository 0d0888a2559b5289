public import BakeContract
public import SystemPackage

/// A file or device of the host that the guest gets as a disk:
/// `-b [FORMAT:]FILE[,MOUNTPOINT[,FSTYPE[,OPTION...]]]`.
public struct DiskFile: Equatable, Sendable {
    public enum Format: String, CaseIterable, Sendable {
        case raw, qcow2
    }

    public var path: FilePath
    /// nil: found out by looking at the file.
    public var format: Format?
    /// nil: the guest gets the disk, and what to do with it is the image's own affair.
    public var mountPoint: String?
    /// nil or `auto`: what its superblock says.
    public var fileSystem: String?
    /// As mount(8) takes them, comma-separated; empty for none.
    public var options = ""

    /// A block device of the host, which QEMU opens in another way than a file.
    public var isDevice = false

    public init(path: FilePath) {
        self.path = path
    }

    /// A file whose name holds a comma, or begins like a format, can be named by a link.
    public init(parsing text: String) throws(LaunchError) {
        let fields = text.split(separator: ",", maxSplits: 3, omittingEmptySubsequences: false)
            .map(String.init)
        var name = fields[0]
        for known in Format.allCases where name.hasPrefix("\(known.rawValue):") {
            format = known
            name.removeFirst(known.rawValue.count + 1)
        }
        guard !name.isEmpty else { throw .badDisk(text) }
        path = FilePath(name)
        if fields.count > 1 {
            guard fields[1].hasPrefix("/") else { throw .badDisk(text) }
            mountPoint = fields[1]
        }
        if fields.count > 2, !fields[2].isEmpty { fileSystem = fields[2] }
        if fields.count > 3 { options = fields[3] }
    }

    /// Whether the machine itself may not write to it, whatever runs there.
    public var isReadOnly: Bool { options.split(separator: ",").contains("ro") }

    /// Its entry of `blk`; nil for a disk that is only attached.
    ///
    /// - Parameter position: among the disks of the machine, from 0.
    public func entry(at position: Int) -> JSONValue? {
        guard let mountPoint else { return nil }
        var members = [
            JSONMember(Bytes("path".utf8), .text("/dev/\(Self.deviceName(at: position))")),
            JSONMember(Bytes("mountpoint".utf8), .text(mountPoint)),
        ]
        if let fileSystem { members.append(JSONMember(Bytes("fstype".utf8), .text(fileSystem))) }
        if !options.isEmpty { members.append(JSONMember(Bytes("options".utf8), .text(options))) }
        return .object(members)
    }

    /// What the kernel calls the virtio disk at this position: `vda`, ..., `vdz`, `vdaa`.
    static func deviceName(at position: Int) -> String {
        var letters = ""
        var rest = position
        repeat {
            letters = String(UnicodeScalar(UInt8(0x61 + rest % 26))) + letters
            rest = rest / 26 - 1
        } while rest >= 0
        return "vd\(letters)"
    }
}
