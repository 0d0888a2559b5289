// openat2(2): glibc has no wrapper for it, and syscall(2) is variadic, which Swift does not import.
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int file_openat2(int directory, const char *path, const struct open_how *how) {
    return (int)syscall(SYS_openat2, directory, path, how, sizeof *how);
}
