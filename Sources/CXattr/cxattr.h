// Swift's Glibc module leaves these out.
#include <sys/xattr.h>
#include <unistd.h>

// glibc has no declaration of syscall(2) that Swift could call, and none at all of listxattrat(2)
// (Linux 6.13): llistxattr for a name in an open directory.
static inline ssize_t listxattrat(int directory, const char *name, unsigned flags, char *list,
                                  size_t length) {
    extern long syscall(long number, ...);
    return syscall(465, directory, name, flags, list, length);
}
