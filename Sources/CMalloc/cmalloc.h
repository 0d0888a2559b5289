// What the heap does with freed memory; Swift's Glibc module leaves it out.
#include <malloc.h>
