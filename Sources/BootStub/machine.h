// The bare machine: numbers, memory, ports. No libc, no interrupts; compiled for 32 and 64 bits.
#ifndef BAKE_MACHINE_H
#define BAKE_MACHINE_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef __UINTPTR_TYPE__ address; // what this half of the stub can reach
typedef int bool_t;

enum {
    KIB = 1024,
    MIB = 1024 * KIB,
};

// Fields of the zero page and the e820 table stand at odd offsets.
typedef u16 __attribute__((aligned(1), may_alias)) loose_u16;
typedef u32 __attribute__((aligned(1), may_alias)) loose_u32;
typedef u64 __attribute__((aligned(1), may_alias)) loose_u64;

static inline u16 get16(const u8 *at) { return *(const loose_u16 *)at; }
static inline u32 get32(const u8 *at) { return *(const loose_u32 *)at; }
static inline u64 get64(const u8 *at) { return *(const loose_u64 *)at; }
static inline void put16(u8 *at, u16 value) { *(loose_u16 *)at = value; }
static inline void put32(u8 *at, u32 value) { *(loose_u32 *)at = value; }
static inline void put64(u8 *at, u64 value) { *(loose_u64 *)at = value; }

static inline u8 *pointer(u64 where) { return (u8 *)(address)where; }
static inline u64 round_up(u64 value, u64 alignment)
{
    return (value + alignment - 1) & ~(alignment - 1);
}

// Low to high, word by word, then the odd bytes.
void copy(u8 *to, const u8 *from, u64 length);
void move_up(u8 *to, const u8 *from, u64 length);
void clear(u8 *at, u64 length);

static inline void out8(u16 port, u8 value)
{
    __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}
static inline u8 in8(u16 port)
{
    u8 value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

// Both on the first serial port and on the VGA text screen.
void say(const char *text);
void say_number(u32 number);
void say_megabytes(u64 bytes); // rounded up

// Waits about five seconds, so that a person or a launcher sees what was said, then resets:
// a halted machine would leave its launcher waiting for ever.
__attribute__((noreturn)) void give_up(void);

#endif
