#include "machine.h"

enum {
    COM1_DATA = 0x3f8,
    COM1_LINE_STATUS = 0x3fd,
    LINE_STATUS_EMPTY = 0x20, // the transmitter takes another byte
    NO_DEVICE = 0xff,         // what a port without a device reads as

    VGA_TEXT = 0xb8000,
    VGA_COLUMNS = 80,
    VGA_ROWS = 25,
    VGA_WHITE_ON_RED = 0x4f00,

    PIT_CHANNEL_2 = 0x42,
    PIT_COMMAND = 0x43,
    PIT_CHANNEL_2_ONE_SHOT = 0xb0, // mode 0, low byte then high byte
    PIT_TICKS_PER_ROUND = 0xffff,  // of 1193182 a second: 55 ms
    PIT_ROUNDS = 91,               // 5 s
    PIT_READS_PER_ROUND = 1000000, // a timer that never ends must not keep us
    SPEAKER_CONTROL = 0x61,
    SPEAKER_GATE = 0x01, // runs channel 2
    SPEAKER_ON = 0x02,
    SPEAKER_TIMER_DONE = 0x20,

    RESET_CONTROL = 0xcf9, // PIIX3 and ICH: bit 1 a hard reset, bit 2 do it
    KEYBOARD_COMMAND = 0x64,
    KEYBOARD_RESET = 0xfe,
};

static u32 vga_cell;

static void say_serial(char character)
{
    if (in8(COM1_LINE_STATUS) == NO_DEVICE)
        return;
    for (u32 i = 0; i < 100000 && !(in8(COM1_LINE_STATUS) & LINE_STATUS_EMPTY); i++)
        ;
    out8(COM1_DATA, (u8)character);
}

static void say_vga(char character)
{
    volatile u16 *screen = (volatile u16 *)pointer(VGA_TEXT);
    if (character == '\n')
        vga_cell = (vga_cell / VGA_COLUMNS + 1) * VGA_COLUMNS;
    else
        screen[vga_cell++] = (u16)(VGA_WHITE_ON_RED | (u8)character);
    vga_cell %= VGA_COLUMNS * VGA_ROWS;
}

void say(const char *text)
{
    for (; *text; text++) {
        if (*text == '\n')
            say_serial('\r');
        say_serial(*text);
        say_vga(*text);
    }
}

void say_number(u32 number)
{
    char digits[11];
    u32 first = sizeof digits - 1;
    digits[first] = 0;
    do
        digits[--first] = (char)('0' + number % 10);
    while (number /= 10);
    say(digits + first);
}

void say_megabytes(u64 bytes)
{
    say_number((u32)((bytes + MIB - 1) >> 20));
    say(" MB");
}

// The one timer that can be read without interrupts and without knowing the processor's speed.
static void wait_five_seconds(void)
{
    out8(SPEAKER_CONTROL, (in8(SPEAKER_CONTROL) & ~SPEAKER_ON) | SPEAKER_GATE);
    for (u32 round = 0; round < PIT_ROUNDS; round++) {
        out8(PIT_COMMAND, PIT_CHANNEL_2_ONE_SHOT);
        out8(PIT_CHANNEL_2, PIT_TICKS_PER_ROUND & 0xff);
        out8(PIT_CHANNEL_2, PIT_TICKS_PER_ROUND >> 8);
        u32 reads = PIT_READS_PER_ROUND;
        while (!(in8(SPEAKER_CONTROL) & SPEAKER_TIMER_DONE) && --reads)
            ;
        if (!reads)
            return; // The timer stands still: no clock to wait by.
    }
}

void give_up(void)
{
    wait_five_seconds();
    out8(RESET_CONTROL, 0x02);
    out8(RESET_CONTROL, 0x06);
    for (u32 i = 0; i < 1000; i++)
        in8(KEYBOARD_COMMAND);
    out8(KEYBOARD_COMMAND, KEYBOARD_RESET);
    for (u32 i = 0; i < 1000; i++)
        in8(KEYBOARD_COMMAND);

    // An exception without a descriptor table to serve it is a triple fault, which resets too.
    struct {
        u16 limit;
        address base;
    } __attribute__((packed)) no_table = {0, 0};
    for (;;)
        __asm__ volatile("lidt %0; ud2" ::"m"(no_table));
}
