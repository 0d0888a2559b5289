internal import CFileStatus
internal import Glibc
internal import SystemPackage

/// File systems whose files are made up as they are read: windows into a running kernel, no part of
/// a tree. Their sizes are wrong, reading them can act or wait for ever, and nothing of them would
/// mean anything in an image.
enum SpecialFileSystem {
    /// The name of the special file system that this file is in; nil for every other one.
    static func name(of file: FileDescriptor) throws(Errno) -> String? {
        var status = statfs()
        guard fstatfs(file.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
        return names[UInt32(truncatingIfNeeded: status.f_type)]
    }

    /// By f_type: linux/magic.h; those that are not there from the file system's own source.
    private static let names: [UInt32: String] = [
        0x0000_9fa0: "proc",
        0x6265_6572: "sysfs",
        0x0027_e0eb: "cgroup",
        0x6367_7270: "cgroup2",
        0x6462_6720: "debugfs",
        0x7472_6163: "tracefs",
        0x7363_6673: "securityfs",
        0xf97c_ff8c: "selinuxfs",
        0x4341_5d53: "smackfs",
        0x5a3c_69f0: "apparmorfs",
        0x6265_6570: "configfs",
        0xcafe_4a11: "bpf",
        0x6165_676c: "pstore",
        0xde5e_81e4: "efivarfs",
        0x0000_1cd1: "devpts",
        0x1980_0202: "mqueue",
        0x4249_4e4d: "binfmt_misc",
        0x6e73_6673: "nsfs",
        0x5049_4446: "pidfs",
        0x6573_5543: "fusectl",
        0x0765_5821: "resctrl",
        0xabba_1974: "xenfs",
        0x6c6f_6f70: "binder",
        0x6759_6969: "rpc_pipefs",
        0x6e66_7364: "nfsd",
        0x0000_9fa1: "openpromfs",
        0x0000_9fa2: "usbdevfs",
    ]
}
