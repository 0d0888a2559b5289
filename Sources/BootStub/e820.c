// The loader's memory map, in the zero page. Its entries are in any order; ranges that touch each
// other may stand in several entries.
#include "stub.h"

static u8 *entry(const u8 *zero_page, u32 index)
{
    return (u8 *)zero_page + ZP_E820_TABLE + index * E820_ENTRY_SIZE;
}

static struct range range_of(const u8 *entry)
{
    u64 start = get64(entry);
    return (struct range){start, start + get64(entry + E820_ENTRY_LENGTH)};
}

static void set_entry(u8 *entry, struct range range, u32 type)
{
    put64(entry, range.start);
    put64(entry + E820_ENTRY_LENGTH, range.end - range.start);
    put32(entry + E820_ENTRY_TYPE, type);
}

static bool_t is_usable(const u8 *entry)
{
    return get32(entry + E820_ENTRY_TYPE) == E820_RAM;
}

bool_t is_ram(const u8 *zero_page, struct range range)
{
    for (bool_t advanced = 1; advanced && range.start < range.end;) {
        advanced = 0;
        for (u32 i = 0; i < zero_page[ZP_E820_ENTRIES]; i++) {
            struct range ram = range_of(entry(zero_page, i));
            if (!is_usable(entry(zero_page, i)) || range.start < ram.start || range.start >= ram.end)
                continue;
            range.start = ram.end;
            advanced = 1;
        }
    }
    return range.start >= range.end;
}

u64 ram_size(const u8 *zero_page)
{
    u64 sum = 0;
    for (u32 i = 0; i < zero_page[ZP_E820_ENTRIES]; i++)
        if (is_usable(entry(zero_page, i)))
            sum += get64(entry(zero_page, i) + E820_ENTRY_LENGTH);
    return sum;
}

// The entry that holds the whole range; -1 where none does.
static int find_holder(const u8 *zero_page, struct range range)
{
    for (u32 i = 0; i < zero_page[ZP_E820_ENTRIES]; i++) {
        struct range ram = range_of(entry(zero_page, i));
        if (is_usable(entry(zero_page, i)) && ram.start <= range.start && range.end <= ram.end)
            return (int)i;
    }
    return -1;
}

bool_t can_mark_persistent(const u8 *zero_page, struct range range)
{
    return zero_page[ZP_E820_ENTRIES] + 2 <= E820_TABLE_ROOM && find_holder(zero_page, range) >= 0;
}

// Splits the entry that holds the range. The kernel would also take an entry that overlaps another,
// but its code that picks a random place to run from (arch/x86/boot/compressed/kaslr.c) would not
// see it.
void mark_persistent(u8 *zero_page, struct range range)
{
    int holder = find_holder(zero_page, range);
    struct range ram = range_of(entry(zero_page, (u32)holder));
    u32 count = zero_page[ZP_E820_ENTRIES];

    set_entry(entry(zero_page, (u32)holder), range, E820_PRAM);
    if (ram.start < range.start)
        set_entry(entry(zero_page, count++), (struct range){ram.start, range.start}, E820_RAM);
    if (range.end < ram.end)
        set_entry(entry(zero_page, count++), (struct range){range.end, ram.end}, E820_RAM);
    zero_page[ZP_E820_ENTRIES] = (u8)count;
}
