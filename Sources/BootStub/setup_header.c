#include "stub.h"

// The fields the loader wrote: boot.rst gives them the type "write" or "modify". Those that say
// where ramdisk and command line are get new values anyway.
static const struct {
    u16 offset;
    u8 length;
} loader_fields[] = {
    {HDR_VID_MODE, 2},
    {HDR_HEAP_END_PTR, 2},
    {HDR_EXT_LOADER_VER, 1},
    {HDR_EXT_LOADER_TYPE, 1},
    {HDR_HARDWARE_SUBARCH, 4},
    {HDR_HARDWARE_SUBARCH_DATA, 8},
    {HDR_SETUP_DATA, 8},
};

// The zero page holds the header of the image; the kernel's first code reads its own init_size and
// alignment there.
void take_over_setup_header(u8 *zero_page, const u8 *kernel)
{
    u8 given[HDR_ROOM_END - HDR_SETUP_SECTS];
    u32 length = 0x202u + kernel[HDR_JUMP_LENGTH] - HDR_SETUP_SECTS;
    if (length > sizeof given)
        length = sizeof given;
    copy(given, zero_page + HDR_SETUP_SECTS, sizeof given);
    copy(zero_page + HDR_SETUP_SECTS, kernel + HDR_SETUP_SECTS, length);

    for (u32 i = 0; i < sizeof loader_fields / sizeof loader_fields[0]; i++) {
        u32 offset = loader_fields[i].offset;
        copy(zero_page + offset, given + offset - HDR_SETUP_SECTS, loader_fields[i].length);
    }
    u8 loader = given[HDR_TYPE_OF_LOADER - HDR_SETUP_SECTS];
    zero_page[HDR_TYPE_OF_LOADER] = loader ? loader : LOADER_UNKNOWN;
    zero_page[HDR_LOADFLAGS] |= given[HDR_LOADFLAGS - HDR_SETUP_SECTS] & LOADFLAGS_OF_LOADER;
}
