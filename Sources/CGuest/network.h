// Sockets and network interfaces, for Sources/bake-init/Network.
#pragma once
#include "cguest.h"
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_addr.h>
#include <linux/if_packet.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

// glibc declares them with a transparent union for the address.
static inline ssize_t guest_sendto(
    int fd, const void *bytes, size_t count, const struct sockaddr *address, socklen_t length) {
    return sendto(fd, bytes, count, 0, address, length);
}
static const int guest_SOCK_STREAM_NONBLOCK_CLOEXEC = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

static inline int guest_connect(int fd, const void *address, socklen_t byte_count) {
    return connect(fd, (const struct sockaddr *)address, byte_count);
}

// The kernel's sender is number 0; nothing another process sends may pass for it.
static inline ssize_t guest_netlink_receive(int fd, void *bytes, size_t count, int flags) {
    struct sockaddr_nl sender = {0};
    socklen_t length = sizeof sender;
    ssize_t received = recvfrom(fd, bytes, count, flags, (struct sockaddr *)&sender, &length);
    if (received >= 0 && sender.nl_pid != 0) { return 0; }
    return received;
}
