// Swift's Glibc module leaves these out.
#include <sys/xattr.h>
