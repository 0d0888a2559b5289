// A process by a descriptor (pidfd_open(2)), which its number, once used anew, cannot be mistaken
// for. Swift's Glibc module leaves the header out.
#include <sys/pidfd.h>
