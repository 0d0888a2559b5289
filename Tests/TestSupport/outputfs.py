#!/usr/bin/python3
"""A file system in memory that cannot be written to the end: one directory a fault, in each of them
a file `app.img`, which is good. It knows no files without a name. usage: outputfs.py MOUNTPOINT

Says `mounted` on stdout when it is, and unmounts itself when stdin ends.
"""
import errno
import os
import stat

from fusepy import FuseOSError, Operations

from fuseserver import serve

GOOD = b"the old image"
# How long a file may become before a write fails.
ROOM = 1 << 20
FAULTS = [
    "sound", "blob-eio", "blob-full", "image-eio", "image-full", "fsync-eio", "fsync-full",
    "rename-eio", "fsyncdir-eio",
]


def split(path):
    """The fault and the name in its directory."""
    fault, _, name = path.strip("/").partition("/")
    return fault, name


def part(file, offset):
    """What is being written: first the blob, at its place in the image, then what is around it from
    the file's start on."""
    return "image" if offset == 0 or file.startswith(b"MZ") else "blob"


class Outputs(Operations):
    def __init__(self):
        self.files = {f"/{fault}/app.img": bytearray(GOOD) for fault in FAULTS}

    def init(self, path):
        os.write(1, b"mounted\n")

    def file(self, path):
        if path not in self.files:
            raise FuseOSError(errno.ENOENT)
        return self.files[path]

    # Operations of fuse.h.

    def getattr(self, path, handle=None):
        fault, name = split(path)
        mode, size = stat.S_IFDIR | 0o755, 0
        if name:
            mode, size = stat.S_IFREG | 0o644, len(self.file(path))
        elif fault and fault not in FAULTS:
            raise FuseOSError(errno.ENOENT)
        return {
            "st_mode": mode, "st_size": size, "st_nlink": 1, "st_uid": os.getuid(),
            "st_gid": os.getgid(), "st_mtime": 1_000_000_000, "st_ctime": 1_000_000_000,
            "st_atime": 1_000_000_000, "st_blocks": (size + 511) // 512,
        }

    def readdir(self, path, handle):
        fault, _ = split(path)
        return [".", ".."] + [split(name)[1] for name in self.files if split(name)[0] == fault]

    def create(self, path, mode, info=None):
        self.files[path] = bytearray()
        return 1

    def open(self, path, flags):
        self.file(path)
        return 1

    def read(self, path, size, offset, handle):
        return bytes(self.file(path)[offset:offset + size])

    def write(self, path, data, offset, handle):
        fault, _ = split(path)
        subject, _, reason = fault.partition("-")
        file = self.file(path)
        if subject == part(file, offset) and offset + len(data) > ROOM:
            raise FuseOSError(errno.EIO if reason == "eio" else errno.ENOSPC)
        file.extend(bytes(max(0, offset - len(file))))
        file[offset:offset + len(data)] = data
        return len(data)

    def truncate(self, path, length, handle=None):
        file = self.file(path)
        del file[length:]
        file.extend(bytes(length - len(file)))

    def fsync(self, path, datasync, handle):
        reason = {"fsync-eio": errno.EIO, "fsync-full": errno.ENOSPC}.get(split(path)[0])
        if reason:
            raise FuseOSError(reason)

    def fsyncdir(self, path, datasync, handle):
        if split(path)[0] == "fsyncdir-eio":
            raise FuseOSError(errno.EIO)

    def rename(self, old, new):
        if split(old)[0] == "rename-eio":
            raise FuseOSError(errno.EIO)
        self.files[new] = self.files.pop(old)

    def unlink(self, path):
        self.file(path)
        del self.files[path]


if __name__ == "__main__":
    serve(Outputs(), "outputfs", big_writes=True)
