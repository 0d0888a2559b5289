// What the image's writer tells the stub. docs/image-format.md, "Boot record".
#ifndef BAKE_BOOT_RECORD_H
#define BAKE_BOOT_RECORD_H

#include "machine.h"

enum {
    BOOT_RECORD = 0x40, // payload offset
    RECORD_VERSION = 1,
    RECORD_BLOB_IN_PLACE = 1, // flags: the blob may stay where it is, as persistent memory
};

struct part {
    u64 offset; // in the payload
    u64 length; // bytes
};

struct boot_record {
    u8 magic[8]; // "BAKEBOOT"
    u32 version;
    u32 flags;
    u64 payload_length;
    struct part manifest;
    struct part command_line; // a NUL stands behind it
    struct part kernel;       // a whole bzImage
    struct part initramfs;    // initramfs, settings and room
    struct part blob;
    u64 whole_ramdisk_length; // from the initramfs to the end of the blob's trailer
    u64 ram_in_place;         // smallest RAM in bytes, blob left in place
    u64 ram_ramdisk;          // smallest RAM in bytes, blob unpacked
};
_Static_assert(sizeof(struct boot_record) == 0x80, "docs/image-format.md, Boot record");

#endif
