#include "machine.h"

#ifdef __x86_64__
#define COPY_WORDS "rep movsq"
#define CLEAR_WORDS "rep stosq"
#else
#define COPY_WORDS "rep movsl"
#define CLEAR_WORDS "rep stosl"
#endif

void copy(u8 *to, const u8 *from, u64 length)
{
    address words = (address)length / sizeof(address), bytes = (address)length % sizeof(address);
    __asm__ volatile(COPY_WORDS : "+D"(to), "+S"(from), "+c"(words)::"memory");
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes)::"memory");
}

// To a higher address, overlapping or not. Piece by piece from the top, each as long as the way it
// goes, so that no piece overlaps itself: processors copy fast only upwards.
void move_up(u8 *to, const u8 *from, u64 length)
{
    u64 distance = (u64)(to - from);
    while (length) {
        u64 piece = length < distance ? length : distance;
        length -= piece;
        copy(to + length, from + length, piece);
    }
}

void clear(u8 *at, u64 length)
{
    address words = (address)length / sizeof(address), bytes = (address)length % sizeof(address);
    __asm__ volatile(CLEAR_WORDS : "+D"(at), "+c"(words) : "a"((address)0) : "memory");
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(bytes) : "a"((address)0) : "memory");
}
