internal import Glibc
public import SystemPackage

/// What makes a file unfit to be a disk.
public enum DiskFileProblem: Equatable, Sendable {
    case failed(Errno)
    /// It can be read and not written.
    case notWritable(Errno)
    case notAFile
    /// A qcow2 that names other files, which nobody asked to be opened.
    case namesOtherFiles
}

extension DiskFile {
    /// With its format, once it is known that QEMU can open it.
    ///
    /// A guest that writes to a raw disk decides what is found there the next time. So a qcow2 that
    /// leads to other files of the host is only taken when it was called one.
    public func examined() throws(LaunchError) -> DiskFile {
        do throws(DiskFileProblem) {
            var disk = self
            let (header, isDevice) = try readHeader()
            disk.isDevice = isDevice
            if disk.format == nil {
                disk.format = header.starts(with: Self.qcow2Magic) ? .qcow2 : .raw
                if disk.format == .qcow2, Self.namesOtherFiles(header) {
                    throw DiskFileProblem.namesOtherFiles
                }
            }
            return disk
        } catch {
            throw .cannotUseDisk(path: path, error)
        }
    }

    private static let qcow2Magic: [UInt8] = [0x51, 0x46, 0x49, 0xfb]

    /// A backing file, or a data file of its own (docs/interop/qcow2.txt of QEMU, "Header": offset
    /// 8, and bit 2 of the incompatible features at 72).
    private static func namesOtherFiles(_ header: [UInt8]) -> Bool {
        guard header.count >= 80 else { return false }
        let hasDataFile = header[4..<8].elementsEqual([0, 0, 0, 3]) && header[79] & 4 != 0
        return header[8..<16].contains { $0 != 0 } || hasDataFile
    }

    private func readHeader() throws(DiskFileProblem) -> (header: [UInt8], isDevice: Bool) {
        let mode = isReadOnly ? O_RDONLY : O_RDWR
        let descriptor = path.withPlatformString { open($0, mode | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else {
            let error = Errno(rawValue: errno)
            let isReadable = path.withPlatformString { access($0, R_OK) } == 0
            guard isReadable && !isReadOnly && error != .isDirectory else { throw .failed(error) }
            throw .notWritable(error)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .failed(Errno(rawValue: errno)) }
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFREG || kind == S_IFBLK else { throw .notAFile }
        var header = [UInt8](repeating: 0, count: 512)
        let count = header.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        guard count >= 0 else { throw .failed(Errno(rawValue: errno)) }
        return (Array(header[..<count]), kind == S_IFBLK)
    }
}

extension DiskFileProblem: Error, CustomStringConvertible {
    public var description: String {
        switch self {
        case .failed(let errno): "\(errno)"
        case .notWritable(let errno):
            "\(errno)\n  hint: for reading alone: -b FILE,MOUNTPOINT,auto,ro"
        case .notAFile: "it is neither a file nor a block device"
        case .namesOtherFiles:
            "it is a qcow2 on top of another file\n  hint: if you made it so, say -b qcow2:FILE"
        }
    }
}
