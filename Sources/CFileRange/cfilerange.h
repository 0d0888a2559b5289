// glibc declares copy_file_range(2) for _GNU_SOURCE only, which Swift's Glibc module is built without.
#include <stddef.h>
#include <sys/types.h>

ssize_t copy_file_range(int from, long long *from_offset, int to, long long *to_offset,
                        size_t length, unsigned flags);
