// From the loader to the kernel: join the command lines, decide where blob and kernel go, check
// that the machine is large enough, move them there, tell the kernel.
#include "stub.h"

enum {
    PERSISTENT_ALIGNMENT = 2 * MIB, // libnvdimm maps whole huge pages only
#ifdef __x86_64__
    KERNEL_ENTRY = KERNEL_ENTRY_64,
#else
    KERNEL_ENTRY = 0,
#endif
};

static bool_t is_ours(const struct boot_record *record)
{
    static const u8 magic[8] = {'B', 'A', 'K', 'E', 'B', 'O', 'O', 'T'};
    for (u32 i = 0; i < sizeof magic; i++)
        if (record->magic[i] != magic[i])
            return 0;
    return record->version == RECORD_VERSION;
}

static void check_record(const struct boot_record *record)
{
    if (is_ours(record))
        return;
    say("\nbake: error: this image's boot record is damaged\n");
    give_up();
}

static __attribute__((noreturn)) void refuse_memory(u64 needed, u64 present)
{
    say("\nbake: error: this image needs ");
    say_megabytes(needed);
    say(" of RAM to start, this machine has ");
    say_megabytes(present);
    say("\n");
    give_up();
}

// Firmware keeps a little of the RAM that a machine is sold with: less than 1 MiB under a BIOS.
static u64 ram_as_sold(const u8 *zero_page)
{
    return round_up(ram_size(zero_page), MIB);
}

static bool_t has_memory_map(const u8 *zero_page)
{
    return zero_page[ZP_E820_ENTRIES] != 0;
}

// Loaders copy what does not fit to where no memory is. So this comes before anything but the
// payload's first page is looked at.
static void check_payload_arrived(const u8 *zero_page, const struct boot_record *record,
                                  struct range payload)
{
    u64 needed = record->flags & RECORD_BLOB_IN_PLACE ? record->ram_in_place : record->ram_ramdisk;
    if (has_memory_map(zero_page) && !is_ram(zero_page, payload))
        refuse_memory(needed > payload.end ? needed : payload.end, ram_size(zero_page));
}

static void check_memory(const u8 *zero_page, const struct boot_record *record, bool_t in_place)
{
    u64 needed = in_place ? record->ram_in_place : record->ram_ramdisk;
    if (has_memory_map(zero_page) && ram_as_sold(zero_page) < needed)
        refuse_memory(needed, ram_size(zero_page));
}

static void check_kernel_room(const u8 *zero_page, struct range kernel)
{
    if (!has_memory_map(zero_page) || is_ram(zero_page, kernel))
        return;
    if (ram_as_sold(zero_page) < kernel.end)
        refuse_memory(kernel.end, ram_size(zero_page));
    say("\nbake: error: the loader put this image where the kernel finds no room behind it: ");
    say_megabytes(kernel.end - kernel.start);
    say(" of RAM are needed from ");
    say_megabytes(kernel.start);
    say(" on\n");
    give_up();
}

// Start and end of the range must be aligned for libnvdimm. Behind the blob only its trailer
// stands, so it can move up and be rounded up; the image's init_size has room for that.
static struct range blob_in_place(const struct boot_record *record, u64 payload)
{
    u64 start = round_up(payload + record->blob.offset, PERSISTENT_ALIGNMENT);
    return (struct range){start, round_up(start + record->blob.length, PERSISTENT_ALIGNMENT)};
}

static struct placement place(const struct boot_record *record, u64 payload, bool_t in_place)
{
    struct placement place = {.in_place = in_place, .blob = blob_in_place(record, payload)};
    place.ramdisk.start = payload + record->initramfs.offset;
    place.ramdisk.end = place.ramdisk.start
                      + (in_place ? record->initramfs.length : record->whole_ramdisk_length);

    const u8 *kernel = pointer(payload + record->kernel.offset);
    u64 end = in_place ? place.blob.end : payload + record->payload_length;
    place.kernel.start = round_up(end, get32(kernel + HDR_KERNEL_ALIGNMENT));
    if (place.kernel.start < get64(kernel + HDR_PREF_ADDRESS))
        place.kernel.start = get64(kernel + HDR_PREF_ADDRESS);
    place.kernel.end = place.kernel.start + get32(kernel + HDR_INIT_SIZE);
    return place;
}

static void move_blob(const struct boot_record *record, u64 payload, struct range blob)
{
    u64 from = payload + record->blob.offset;
    if (from != blob.start)
        move_up(pointer(blob.start), pointer(from), record->blob.length);
    clear(pointer(blob.start + record->blob.length),
          blob.end - blob.start - record->blob.length);
}

static void move_kernel(const struct boot_record *record, u64 payload, u64 to)
{
    const u8 *kernel = pointer(payload + record->kernel.offset);
    u32 sectors = kernel[HDR_SETUP_SECTS] ? kernel[HDR_SETUP_SECTS] : 4;
    u64 setup_length = (sectors + 1) * SECTOR;
    copy(pointer(to), kernel + setup_length, record->kernel.length - setup_length);
}

static void put_address(u8 *zero_page, u32 low, u32 high, u64 value)
{
    put32(zero_page + low, (u32)value);
    put32(zero_page + high, (u32)(value >> 32));
}

static const u8 *loader_command_line(const u8 *zero_page)
{
    u64 at = get32(zero_page + HDR_CMD_LINE_PTR);
#ifdef __x86_64__
    at |= (u64)get32(zero_page + ZP_EXT_CMD_LINE_PTR) << 32;
#endif
    return at ? pointer(at) : (const u8 *)"";
}

static u32 command_line_limit(const u8 *kernel)
{
    u32 limit = get32(kernel + HDR_CMDLINE_SIZE);
    return limit < COMMAND_LINE_ROOM - 1 ? limit : COMMAND_LINE_ROOM - 1;
}

address hand_over(u8 *zero_page, u8 *payload, struct workspace *workspace)
{
    const struct boot_record *record = (const struct boot_record *)(payload + BOOT_RECORD);
    u64 base = (address)payload;
    struct range whole = {base, base + record->payload_length};
    const u8 *kernel = payload + record->kernel.offset;

    check_record(record);
    check_payload_arrived(zero_page, record, whole);
    join_command_lines(workspace->command_line, payload + record->command_line.offset,
                       loader_command_line(zero_page), command_line_limit(kernel));
    bool_t in_place = (record->flags & RECORD_BLOB_IN_PLACE)
                   && !command_line_says(workspace->command_line, "bake.inplace=off")
                   && can_mark_persistent(zero_page, blob_in_place(record, base));
    check_memory(zero_page, record, in_place);
    struct placement to = place(record, base, in_place);
    check_kernel_room(zero_page, to.kernel);

    rescue_setup_data(zero_page, (struct range){whole.start, to.kernel.end}, workspace->setup_data);
    take_over_setup_header(zero_page, kernel);
    move_kernel(record, base, to.kernel.start);
    if (to.in_place) {
        move_blob(record, base, to.blob);
        mark_persistent(zero_page, to.blob);
    }

    put32(zero_page + HDR_CODE32_START, (u32)to.kernel.start);
    put_address(zero_page, HDR_RAMDISK_IMAGE, ZP_EXT_RAMDISK_IMAGE, to.ramdisk.start);
    put_address(zero_page, HDR_RAMDISK_SIZE, ZP_EXT_RAMDISK_SIZE, to.ramdisk.end - to.ramdisk.start);
    put_address(zero_page, HDR_CMD_LINE_PTR, ZP_EXT_CMD_LINE_PTR, (address)workspace->command_line);
    return (address)to.kernel.start + KERNEL_ENTRY;
}
