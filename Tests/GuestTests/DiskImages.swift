import Foundation
import TestSupport
import Testing

/// File systems on files of a few megabytes, made by their own tools.
struct DiskImage: Sendable, CustomTestStringConvertible {
    var name: String
    /// With `$f` for the file, which is there and empty.
    var command: String
    var megabytes = 8

    var testDescription: String { name }

    static let all = [
        DiskImage(name: "ext2", command: "mkfs.ext2 -q -L plain $f"),
        DiskImage(name: "ext3", command: "mkfs.ext3 -q -L 'with journal' $f"),
        DiskImage(name: "ext4", command: "mkfs.ext4 -q -L sixteen-letters- $f"),
        DiskImage(name: "ext4 without a label", command: "mkfs.ext4 -q $f"),
        DiskImage(name: "ext4 without a journal", command: "mkfs.ext4 -q -O ^has_journal $f"),
        DiskImage(name: "journal", command: "mke2fs -q -O journal_dev $f"),
        DiskImage(name: "xfs", command: "mkfs.xfs -q -L twelve-bytes $f", megabytes: 300),
        DiskImage(name: "FAT12", command: "mkfs.vfat -F 12 -n CIDATA $f", megabytes: 2),
        DiskImage(name: "FAT16", command: "mkfs.vfat -F 16 -n 'A B' -i 00c0ffee $f", megabytes: 20),
        DiskImage(name: "FAT32", command: "mkfs.vfat -F 32 -n ELEVENCHARS $f", megabytes: 64),
        DiskImage(name: "FAT without a label", command: "mkfs.vfat $f"),
        DiskImage(
            name: "FAT of large sectors", command: "mkfs.vfat -S 2048 -n LARGE $f", megabytes: 16),
        DiskImage(
            name: "FAT renamed", command: "mkfs.vfat -n OLD $f && fatlabel $f NEW >/dev/null"),
        DiskImage(
            name: "iso9660",
            command: "xorriso -as mkisofs -quiet -V CONFIG_2 -o $f $d/tree 2>/dev/null"),
        DiskImage(
            name: "iso9660 with Joliet",
            command: "xorriso -as mkisofs -quiet -J -V config-2 -o $f $d/tree 2>/dev/null"),
        DiskImage(
            name: "iso9660 with a long label",
            command: "xorriso -as mkisofs -quiet -J -V a-long-label-of-31-characters-0 -o $f "
                + "$d/tree 2>/dev/null"),
        DiskImage(
            name: "squashfs",
            command: "rm $f && mksquashfs $d/tree $f -quiet -no-progress >/dev/null"),
        DiskImage(name: "erofs", command: "mkfs.erofs --quiet $f $d/tree >/dev/null"),
        DiskImage(name: "swap", command: "mkswap -q -L swapping $f"),
        DiskImage(name: "nothing", command: "true"),
        DiskImage(name: "noise", command: "head -c 1M /dev/zero | tr '\\0' 'x' > $f"),
    ]

    /// Path of the image.
    func make(in directory: TemporaryDirectory) throws -> String {
        let path = directory.path("disk")
        let script = """
            set -e; d='\(directory.path)'; f='\(path)'
            mkdir "$d/tree"; echo hello > "$d/tree/file"
            truncate -s \(megabytes)M "$f"
            PATH="$PATH:/usr/sbin:/sbin"; \(command)
            """
        let result = try runProcess(["sh", "-c", script])
        guard result.status == 0 else {
            throw TestFailure("\(name): \(result.stdoutText)\(result.stderrText)")
        }
        return path
    }
}
