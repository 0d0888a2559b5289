#!/usr/bin/python3
"""A file system in memory that cannot be written to the end: one directory a fault, in each of them
a file `app.img`, which is good. It knows no files without a name. usage: outputfs.py MOUNTPOINT

Says `mounted` on stdout when it is, and unmounts itself when stdin ends.
"""
import errno
import os
import signal
import stat
import sys
import threading

from fusepy import FUSE, FuseOSError, Operations

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


def is_blob(name):
    """bake unlinks the blob's file at once, which libfuse answers with a name of its own."""
    return name.startswith((".bake-blob-", ".fuse_hidden"))


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
        fault, name = split(path)
        subject, _, reason = fault.partition("-")
        if subject == ("blob" if is_blob(name) else "image") and offset + len(data) > ROOM:
            raise FuseOSError(errno.EIO if reason == "eio" else errno.ENOSPC)
        file = self.file(path)
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
        if split(old)[0] == "rename-eio" and not is_blob(split(new)[1]):
            raise FuseOSError(errno.EIO)
        self.files[new] = self.files.pop(old)

    def unlink(self, path):
        self.file(path)
        del self.files[path]


def end_with_stdin():
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    # Whoever started this may have blocked it, as the threads of a test runner do.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    threading.Thread(target=end_with_stdin, daemon=True).start()
    FUSE(
        Outputs(), sys.argv[1], foreground=True, nothreads=True, direct_io=True, big_writes=True,
        attr_timeout=0, entry_timeout=0, fsname="outputfs")
