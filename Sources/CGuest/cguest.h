// What PID 1 needs of Linux and the C library. Wrappers stand here only where Swift cannot import
// the original: variadic functions, and macros that are more than a number. No feature macros: CJSON
// includes the same system headers without them, and both must see the same types.
#ifndef CGUEST_H
#define CGUEST_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/dm-ioctl.h>
#include <linux/if_alg.h>
#include <linux/loop.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static inline int guest_errno(void) { return errno; }

static inline int guest_open(const char *path, int flags, mode_t mode) {
    return open(path, flags, mode);
}

static inline int guest_openat(int directory, const char *path, int flags) {
    return openat(directory, path, flags);
}

static inline int guest_fcntl(int fd, int command, int argument) {
    return fcntl(fd, command, argument);
}

static inline int guest_ioctl_pointer(int fd, unsigned long request, void *argument) {
    return ioctl(fd, request, argument);
}

static inline int guest_ioctl_number(int fd, unsigned long request, unsigned long argument) {
    return ioctl(fd, request, argument);
}

static inline int guest_finit_module(int fd, const char *parameters, int flags) {
    return (int)syscall(SYS_finit_module, fd, parameters, flags);
}

// fork() is not imported everywhere; a raw clone would leave the C library's locks unprepared.
static inline pid_t guest_fork(void) { return fork(); }

// Their parameters are enumerations or transparent unions in the C library's headers.
static inline int guest_setrlimit(int resource, const struct rlimit *limit) {
    return setrlimit((__rlimit_resource_t)resource, limit);
}

static inline int guest_getrlimit(int resource, struct rlimit *limit) {
    return getrlimit((__rlimit_resource_t)resource, limit);
}

static inline int guest_socket(int domain, int type, int protocol) {
    return socket(domain, type, protocol);
}

static inline int guest_bind(int fd, const void *address, socklen_t byte_count) {
    return bind(fd, (const struct sockaddr *)address, byte_count);
}

static const int guest_SOCK_SEQPACKET_CLOEXEC = SOCK_SEQPACKET | SOCK_CLOEXEC;
static const int guest_SOCK_RAW_CLOEXEC = SOCK_RAW | SOCK_CLOEXEC;
static const unsigned long guest_TIOCSCTTY = TIOCSCTTY;
static const int guest_SFD_NONBLOCK_CLOEXEC = SFD_NONBLOCK | SFD_CLOEXEC;
static const int guest_RB_POWER_OFF = RB_POWER_OFF;
static const int guest_MSG_MORE = MSG_MORE;
static const unsigned long guest_LOOP_CTL_GET_FREE = LOOP_CTL_GET_FREE;
static const unsigned long guest_LOOP_CONFIGURE = LOOP_CONFIGURE;
static const unsigned int guest_LO_FLAGS_READ_ONLY = LO_FLAGS_READ_ONLY;
static const unsigned int guest_LO_FLAGS_AUTOCLEAR = LO_FLAGS_AUTOCLEAR;

// SIG_DFL and SIG_IGN are numbers cast to function pointers.
static inline void guest_default_signal(int number) { signal(number, SIG_DFL); }
static inline void guest_ignore_signal(int number) { signal(number, SIG_IGN); }

static const unsigned long guest_BLKGETSIZE64 = _IOR(0x12, 114, size_t);
static const unsigned long guest_DM_VERSION = DM_VERSION;
static const unsigned long guest_DM_DEV_CREATE = DM_DEV_CREATE;
static const unsigned long guest_DM_DEV_REMOVE = DM_DEV_REMOVE;
static const unsigned long guest_DM_DEV_SUSPEND = DM_DEV_SUSPEND;
static const unsigned long guest_DM_TABLE_LOAD = DM_TABLE_LOAD;
static const unsigned int guest_DM_READONLY_FLAG = DM_READONLY_FLAG;

#endif
