// The zero page ("boot_params") and the setup header inside it, as byte offsets.
// Documentation/arch/x86/zero-page.rst for what lies below 0x1f1 and behind 0x268,
// Documentation/arch/x86/boot.rst, "Details of Header Fields", for what lies between.
#ifndef BAKE_BOOT_PARAMS_H
#define BAKE_BOOT_PARAMS_H

enum zero_page {
    ZP_EXT_RAMDISK_IMAGE = 0x0c0, // upper halves of the setup header's 32-bit fields
    ZP_EXT_RAMDISK_SIZE = 0x0c4,
    ZP_EXT_CMD_LINE_PTR = 0x0c8,
    ZP_E820_ENTRIES = 0x1e8, // one byte
    ZP_E820_TABLE = 0x2d0,
};

// The same offsets hold in the zero page and in a bzImage file. Which of them the loader writes
// is boot.rst's "Type: write" and "Type: modify".
enum setup_header {
    HDR_SETUP_SECTS = 0x1f1,         // sectors of 16-bit code behind the first; 0 means 4
    HDR_VID_MODE = 0x1fa,            // loader
    HDR_JUMP_LENGTH = 0x201,         // where the header ends: this byte + 0x202
    HDR_TYPE_OF_LOADER = 0x210,      // loader
    HDR_LOADFLAGS = 0x211,           // loader, bits 0xe0
    HDR_CODE32_START = 0x214,
    HDR_RAMDISK_IMAGE = 0x218,
    HDR_RAMDISK_SIZE = 0x21c,
    HDR_HEAP_END_PTR = 0x224,        // loader
    HDR_EXT_LOADER_VER = 0x226,      // loader
    HDR_EXT_LOADER_TYPE = 0x227,     // loader
    HDR_CMD_LINE_PTR = 0x228,
    HDR_KERNEL_ALIGNMENT = 0x230,
    HDR_CMDLINE_SIZE = 0x238,        // longest command line, without its NUL
    HDR_HARDWARE_SUBARCH = 0x23c,    // loader
    HDR_HARDWARE_SUBARCH_DATA = 0x240, // loader
    HDR_SETUP_DATA = 0x250,          // loader
    HDR_PREF_ADDRESS = 0x258,
    HDR_INIT_SIZE = 0x260,
    HDR_ROOM_END = 0x290,            // what follows in the zero page is not the header's
};

enum {
    LOADER_UNKNOWN = 0xff, // type_of_loader of a loader without a number of its own
    LOADFLAGS_OF_LOADER = 0xe0, // QUIET, KEEP_SEGMENTS, CAN_USE_HEAP
    KERNEL_ENTRY_64 = 0x200, // boot.rst, "64-bit Boot Protocol"
    SECTOR = 512,
};

// struct boot_e820_entry, 20 bytes: u64 start, u64 length, u32 type.
enum e820 {
    E820_ENTRY_SIZE = 20,
    E820_ENTRY_LENGTH = 8,
    E820_ENTRY_TYPE = 16,
    E820_TABLE_ROOM = 128, // E820_MAX_ENTRIES_ZEROPAGE
    E820_RAM = 1,
    E820_PRAM = 12, // persistent memory; the nd_e820 driver makes it /dev/pmemN
};

// struct setup_data: u64 next, u32 type, u32 length, then `length` bytes.
enum setup_data {
    SETUP_DATA_LENGTH = 12,
    SETUP_DATA_HEADER = 16,
};

#endif
