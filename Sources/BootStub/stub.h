// The stub's own steps, in the order `hand_over` takes them.
#ifndef BAKE_STUB_H
#define BAKE_STUB_H

#include "boot_params.h"
#include "boot_record.h"
#include "machine.h"

enum {
    COMMAND_LINE_ROOM = 2048, // COMMAND_LINE_SIZE of x86; longer ones hang the kernel
    SETUP_DATA_ROOM = 1024,
};

// Memory of the stub that the kernel reads: it must stay untouched until the kernel copied it.
struct workspace {
    char command_line[COMMAND_LINE_ROOM];
    u8 setup_data[SETUP_DATA_ROOM];
};
_Static_assert(sizeof(struct workspace) == WORKSPACE_SIZE, "build.sh and entry.S use the number");

struct range {
    u64 start, end; // physical addresses, `end` is the first behind
};

// Where everything goes. Nothing has moved while this is filled in.
struct placement {
    bool_t in_place;      // the blob stays in memory as persistent memory
    struct range blob;    // in place: 2 MiB-aligned at both ends
    struct range ramdisk; // what the kernel unpacks
    struct range kernel;  // where the kernel's 32-bit code goes, with the room it needs to start
};

// command_line.c: baked, a space, the loader's; returns its length after cutting.
void join_command_lines(char *joined, const u8 *baked, const u8 *given, u32 limit);
bool_t command_line_says(const char *command_line, const char *word);

// e820.c
bool_t is_ram(const u8 *zero_page, struct range range);
u64 ram_size(const u8 *zero_page);
bool_t can_mark_persistent(const u8 *zero_page, struct range range);
void mark_persistent(u8 *zero_page, struct range range);

// setup_data.c
void rescue_setup_data(u8 *zero_page, struct range endangered, u8 *room);

// setup_header.c
void take_over_setup_header(u8 *zero_page, const u8 *kernel);

// hand_over.c, called by entry.S: returns where the kernel is entered.
address hand_over(u8 *zero_page, u8 *payload, struct workspace *workspace);

#endif
