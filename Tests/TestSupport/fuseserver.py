"""Serves a file system until it is told to end, or until standard input ends: whoever started it is
gone then."""
import os
import signal
import sys
import threading

from fusepy import FUSE


def serve(operations, name, **options):
    """Mounts it at the program's first argument. Returns when it is unmounted."""
    # Whoever started this may have blocked it, as the threads of a test runner do.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    threading.Thread(target=end_with_stdin, daemon=True).start()
    FUSE(
        operations, sys.argv[1], foreground=True, nothreads=True, direct_io=True, attr_timeout=0,
        entry_timeout=0, fsname=name, **options)


def end_with_stdin():
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
