// glibc declares these for _GNU_SOURCE only, which Swift's Glibc module is built without.
#include <linux/stat.h>
#include <sys/types.h>
#include <sys/vfs.h>

int statx(int directory, const char *path, int flags, unsigned mask, struct statx *status);
ssize_t getdents64(int directory, void *buffer, size_t length);
