import BakeContract
import CGuest

extension LinuxSystem {
    func loadModule(_ path: Bytes) throws(Errno) {
        let file = try FileDescriptor(opening: path, O_RDONLY)
        try checked { guest_finit_module(file.number, "", 0) }
    }

    func deviceByteCount(of path: Bytes) throws(Errno) -> UInt64 {
        let device = try FileDescriptor(opening: path, O_RDONLY)
        var byteCount: UInt64 = 0
        try checked { guest_ioctl_pointer(device.number, guest_BLKGETSIZE64, &byteCount) }
        return byteCount
    }

    /// loop(4), LOOP_CONFIGURE. Cleared by itself when its last user is gone.
    func attachLoop(
        to path: Bytes, isReadOnly: Bool, blockByteCount: UInt32
    ) throws(Errno) -> LoopDevice {
        let file = try FileDescriptor(opening: path, isReadOnly ? O_RDONLY : O_RDWR)
        let control = try FileDescriptor(opening: "/dev/loop-control".bytes, O_RDWR)
        let number = try checked { guest_ioctl_number(control.number, guest_LOOP_CTL_GET_FREE, 0) }
        let device = "/dev/loop\(number)".bytes
        let loop = try FileDescriptor(opening: device, O_RDWR)
        var configuration = loop_config()
        configuration.fd = UInt32(file.number)
        configuration.block_size = blockByteCount
        configuration.info.lo_flags =
            (isReadOnly ? guest_LO_FLAGS_READ_ONLY : 0) | guest_LO_FLAGS_AUTOCLEAR
        try checked { guest_ioctl_pointer(loop.number, guest_LOOP_CONFIGURE, &configuration) }
        // With autoclear the device must stay open until something else holds it.
        return LoopDevice(path: device, descriptor: loop.release())
    }

    func release(_ device: LoopDevice) { close(device.descriptor) }
}
