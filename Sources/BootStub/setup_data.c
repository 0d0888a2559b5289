#include "stub.h"

// Loaders may hang data on a list that starts in the setup header (boot.rst, "setup_data"). QEMU 7.2
// puts the kernel's random seed right behind the payload, where the kernel is about to go. What lies
// in the endangered range moves into `room`; what finds no room there is taken off the list.
void rescue_setup_data(u8 *zero_page, struct range endangered, u8 *room)
{
    u8 *link = zero_page + HDR_SETUP_DATA;
    u64 used = 0;
    for (u64 node = get64(link); node && node == (address)node; node = get64(link)) {
        u8 *from = pointer(node);
        u64 length = SETUP_DATA_HEADER + (u64)get32(from + SETUP_DATA_LENGTH);
        if (node >= endangered.end || node + length <= endangered.start) {
            link = from;
            continue;
        }
        if (used + length > SETUP_DATA_ROOM) {
            put64(link, get64(from));
            continue;
        }
        copy(room + used, from, length);
        put64(link, (address)(room + used));
        link = room + used;
        used = round_up(used + length, sizeof(u64));
    }
}
