// What unpacking a tar archive needs, for Sources/bake-init/Unpacking.
#pragma once
#include "cguest.h"
#include <linux/openat2.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

// Swift does not import variadic functions, and glibc has no openat2.
static inline int guest_openat2(int directory, const char *path, struct open_how *how) {
    return (int)syscall(SYS_openat2, directory, path, how, sizeof *how);
}
static inline dev_t guest_makedev(unsigned major, unsigned minor) {
    return makedev(major, minor);
}

// Without _GNU_SOURCE glibc leaves it out (open(2)).
static const int guest_O_PATH = 010000000;
