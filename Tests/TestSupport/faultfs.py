#!/usr/bin/python3
"""A file system whose files misbehave: one directory a fault, in each of them a file or directory
`bad` between `aaa` and `zzz`, which are good. usage: faultfs.py MOUNTPOINT

Says `mounted` on stdout when it is, and unmounts itself when stdin ends. Listing a directory puts
its `bad` back to how it was first.
"""
import errno
import os
import stat

from fusepy import FuseOSError, Operations

from fuseserver import serve

SIZE = 1 << 20
SHRUNK = 300_000
GOOD = b"good\n"
FILES = [
    "shrinks", "grows", "modified", "reads-eio", "vanishes", "denied", "no-size", "stat-eio",
    "xattr-eio",
]
DIRECTORIES = ["list-eio", "list-denied"]
LINKS = ["link-eio"]


class Faults(Operations):
    def __init__(self):
        self.touched = set()

    def init(self, path):
        os.write(1, b"mounted\n")

    # What `bad` is at the moment.

    def size(self, fault):
        if fault == "no-size":
            return 0
        if fault in self.touched:
            return {"shrinks": SHRUNK, "grows": 2 * SIZE}.get(fault, SIZE)
        return SIZE

    def content(self, fault):
        count = 5000 if fault == "no-size" else self.size(fault)
        return bytes(i * 7 % 251 for i in range(4096)) * (count // 4096 + 1), count

    # Operations of fuse.h.

    def getattr(self, path, handle=None):
        parts = path.strip("/").split("/")
        mode, size, mtime = stat.S_IFDIR | 0o755, 0, 1_000_000_000
        if len(parts) == 2:
            fault, name = parts
            if name == "bad":
                if fault == "stat-eio":
                    raise FuseOSError(errno.EIO)
                if fault in LINKS:
                    mode, size = stat.S_IFLNK | 0o777, 4
                elif fault in FILES:
                    mode, size = stat.S_IFREG | 0o644, self.size(fault)
                if fault == "modified" and fault in self.touched:
                    mtime += 1
            elif name in ("aaa", "zzz"):
                mode, size = stat.S_IFREG | 0o644, len(GOOD)
            else:
                raise FuseOSError(errno.ENOENT)
        elif len(parts) > 2 or parts[0] not in [""] + FILES + DIRECTORIES + LINKS:
            raise FuseOSError(errno.ENOENT)
        number = sum(byte << 8 * (index % 6) for index, byte in enumerate(path.encode()))
        return {
            "st_mode": mode, "st_size": size, "st_nlink": 1, "st_uid": os.getuid(),
            "st_gid": os.getgid(), "st_mtime": mtime, "st_ctime": mtime, "st_atime": mtime,
            "st_ino": number, "st_blocks": (size + 511) // 512,
        }

    def readdir(self, path, handle):
        fault, _, name = path.strip("/").partition("/")
        if fault == "":
            return [".", ".."] + FILES + DIRECTORIES + LINKS
        if name == "bad":
            denied = fault == "list-denied"
            raise FuseOSError(errno.EACCES if denied else errno.EIO)
        self.touched.discard(fault)
        return [".", "..", "zzz", "bad", "aaa"]

    def readlink(self, path):
        raise FuseOSError(errno.EIO)

    def open(self, path, flags):
        reason = {"/vanishes/bad": errno.ENOENT, "/denied/bad": errno.EACCES}.get(path)
        if reason:
            raise FuseOSError(reason)
        return 1

    def read(self, path, size, offset, handle):
        fault, name = path.strip("/").split("/")
        if name != "bad":
            return GOOD[offset:offset + size]
        if fault == "reads-eio" and offset + size > 1 << 18:
            raise FuseOSError(errno.EIO)
        self.touched.add(fault)
        content, count = self.content(fault)
        return content[offset:min(offset + size, count)]

    def listxattr(self, path):
        if path == "/xattr-eio/bad":
            raise FuseOSError(errno.EIO)
        return []

    def getxattr(self, path, name, position=0):
        raise FuseOSError(errno.ENODATA)


if __name__ == "__main__":
    serve(Faults(), "faultfs", use_ino=True)
