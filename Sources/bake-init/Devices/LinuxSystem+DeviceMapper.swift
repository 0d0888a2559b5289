import BakeContract
import CGuest

// Device mapper by ioctl on /dev/mapper/control (linux/dm-ioctl.h): create, load, resume.

extension LinuxSystem {
    func activateVerity(_ table: VerityTable, name: Bytes) throws(Errno) -> Bytes {
        let control = try FileDescriptor(opening: "/dev/mapper/control".bytes, O_RDWR)
        var create = DeviceMapperRequest(
            name: name, identifier: table.identifier + name, isReadOnly: true)
        try create.run(guest_DM_DEV_CREATE, on: control.number)
        let minorNumber = create.minorNumber
        do {
            var load = DeviceMapperRequest(name: name, isReadOnly: true, verity: table)
            try load.run(guest_DM_TABLE_LOAD, on: control.number)
            var resume = DeviceMapperRequest(name: name, isReadOnly: true)
            try resume.run(guest_DM_DEV_SUSPEND, on: control.number)
        } catch {
            var remove = DeviceMapperRequest(name: name, isReadOnly: true)
            // Only tidiness: the error that counts is the one above.
            do { try remove.run(guest_DM_DEV_REMOVE, on: control.number) } catch {}
            throw error
        }
        return "/dev/dm-\(minorNumber)".bytes
    }
}

/// The bytes of one device mapper ioctl: `struct dm_ioctl`, then a target where there is one.
struct DeviceMapperRequest {
    private(set) var bytes: Bytes

    /// - Parameter identifier: the device's uuid, given when it is created and only then.
    init(
        name: Bytes, identifier: Bytes = [], isReadOnly: Bool, verity: VerityTable? = nil
    ) {
        var header = dm_ioctl()
        header.version = (4, 0, 0)
        header.data_start = UInt32(MemoryLayout<dm_ioctl>.size)
        header.flags = isReadOnly ? guest_DM_READONLY_FLAG : 0
        withUnsafeMutableBytes(of: &header.name) { field in
            field.copyBytes(from: name.prefix(field.count - 1))
        }
        withUnsafeMutableBytes(of: &header.uuid) { field in
            field.copyBytes(from: identifier.prefix(field.count - 1))
        }
        var payload = Bytes()
        if let verity {
            header.target_count = 1
            payload = Self.target("verity".bytes, verity.sectorCount, verity.parameters)
        }
        // The kernel answers into the same buffer and wants room for more than the header.
        payload += Bytes(repeating: 0, count: max(0, 512 - payload.count))
        header.data_size = UInt32(MemoryLayout<dm_ioctl>.size + payload.count)
        bytes = withUnsafeBytes(of: &header) { Bytes($0) } + payload
    }

    /// `struct dm_target_spec`, then its parameters as a C string, padded to 8 bytes.
    private static func target(
        _ type: Bytes, _ sectorCount: UInt64, _ parameters: Bytes
    ) -> Bytes {
        let specificationByteCount = MemoryLayout<dm_target_spec>.size
        let byteCount = (specificationByteCount + parameters.count + 1 + 7) / 8 * 8
        var specification = dm_target_spec()
        specification.length = sectorCount
        specification.next = UInt32(byteCount)
        withUnsafeMutableBytes(of: &specification.target_type) { $0.copyBytes(from: type) }
        let text = withUnsafeBytes(of: &specification) { Bytes($0) } + parameters
        return text + Bytes(repeating: 0, count: byteCount - text.count)
    }

    mutating func run(_ request: UInt, on control: Int32) throws(Errno) {
        try checked {
            bytes.withUnsafeMutableBytes {
                guest_ioctl_pointer(control, request, $0.baseAddress)
            }
        }
    }

    /// Of the device the request was about, once it ran. (`dev` is the kernel's 64-bit form.)
    var minorNumber: UInt32 {
        let header = bytes.withUnsafeBytes { $0.loadUnaligned(as: dm_ioctl.self) }
        return gnu_dev_minor(dev_t(header.dev))
    }
}
