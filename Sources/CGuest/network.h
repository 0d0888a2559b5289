// Sockets and network interfaces, for Sources/bake-init/Network.
#pragma once
#include "cguest.h"
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

// glibc declares it with a transparent union for the address.
static inline ssize_t guest_sendto(
    int fd, const void *bytes, size_t count, const struct sockaddr *address, socklen_t length) {
    return sendto(fd, bytes, count, 0, address, length);
}
