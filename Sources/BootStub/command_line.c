#include "stub.h"

static u32 append(char *joined, u32 length, u32 limit, const u8 *text)
{
    for (; *text && length < limit; text++)
        joined[length++] = (char)*text;
    return length;
}

static u32 length_of(const u8 *text)
{
    u32 length = 0;
    while (text[length])
        length++;
    return length;
}

// The loader's text comes last, because the last word on a setting counts. Where both together are
// longer than the kernel takes, the end is lost and the line begins with `bake.cut`, for the guest
// to refuse: half an override must not pass for a whole one.
void join_command_lines(char *joined, const u8 *baked, const u8 *given, u32 limit)
{
    u32 space = *baked && *given;
    u32 wanted = length_of(baked) + space + length_of(given), length = 0;
    if (wanted > limit) {
        say("\nbake: warning: the kernel command line is ");
        say_number(wanted);
        say(" bytes long and the kernel takes ");
        say_number(limit);
        say(": its end is cut off\n");
        length = append(joined, length, limit, (const u8 *)"bake.cut ");
    }
    length = append(joined, length, limit, baked);
    length = append(joined, length, limit, (const u8 *)(space ? " " : ""));
    length = append(joined, length, limit, given);
    joined[length] = 0;
}

// Whether `word` is one of the words in front of a program's arguments (` -- `) and of a
// configuration (`{`).
bool_t command_line_says(const char *command_line, const char *word)
{
    for (const char *at = command_line; *at && *at != '{';) {
        u32 length = 0;
        while (at[length] && at[length] != ' ')
            length++;
        if (length == 2 && at[0] == '-' && at[1] == '-')
            return 0;
        u32 same = 0;
        while (same < length && word[same] == at[same])
            same++;
        if (same == length && !word[same])
            return 1;
        at += length;
        while (*at == ' ')
            at++;
    }
    return 0;
}
