// openat2(2) and statx(2): glibc has no wrapper for the former and declares the latter for
// _GNU_SOURCE only, which Swift's Glibc module is built without. syscall(2) is variadic, which Swift
// does not import.
#include <linux/openat2.h>
#include <linux/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static inline int file_openat2(int directory, const char *path, const struct open_how *how) {
    return (int)syscall(SYS_openat2, directory, path, how, sizeof *how);
}

static inline int file_statx(int directory, const char *path, int flags, unsigned mask,
                             struct statx *status) {
    return (int)syscall(SYS_statx, directory, path, flags, mask, status);
}
