/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/protobuf.h"

#include <string.h>

/* The kinds of values that there are here. */
enum { VARINT = 0, DELIMITED = 2, FIXED_32 = 5 };

static void put(gan_protobuf *p, const void *bytes, size_t count)
{
    if (p->out && count) memcpy(p->out + p->size, bytes, count);
    p->size += count;
}

/* The lowest bytes of the number, the lowest first. */
static void put_fixed(gan_protobuf *p, uint64_t number, size_t count)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < count; i++) bytes[i] = (unsigned char)(number >> 8 * i);
    put(p, bytes, count);
}

/* Seven bits a byte, the lowest first; the eighth says that more follow. */
static void put_varint(gan_protobuf *p, uint64_t number)
{
    for (; number >= 0x80; number >>= 7) put_fixed(p, (number & 0x7f) | 0x80, 1);
    put_fixed(p, number, 1);
}

static void put_tag(gan_protobuf *p, int field, unsigned kind)
{
    put_varint(p, (uint64_t)field << 3 | kind);
}

void gan_protobuf_integer(gan_protobuf *p, int field, int64_t number)
{
    put_tag(p, field, VARINT);
    put_varint(p, (uint64_t)number);
}

static uint64_t bits_of(const void *number, size_t bytes)
{
    uint64_t wide;
    uint32_t narrow;
    if (bytes == sizeof wide) {
        memcpy(&wide, number, sizeof wide);
        return wide;
    }
    memcpy(&narrow, number, sizeof narrow);
    return narrow;
}

void gan_protobuf_float(gan_protobuf *p, int field, float number)
{
    put_tag(p, field, FIXED_32);
    put_fixed(p, bits_of(&number, sizeof number), sizeof number);
}

void gan_protobuf_text(gan_protobuf *p, int field, const char *text)
{
    size_t length = strlen(text);
    put_tag(p, field, DELIMITED);
    put_varint(p, length);
    put(p, text, length);
}

void gan_protobuf_numbers(gan_protobuf *p, int field, const void *numbers, size_t count, size_t bytes)
{
    const char *number = numbers;
    put_tag(p, field, DELIMITED);
    put_varint(p, count * bytes);
    if (!p->out) p->size += count * bytes;
    for (size_t i = 0; p->out && i < count; i++) put_fixed(p, bits_of(number + i * bytes, bytes), bytes);
}

void gan_protobuf_message(gan_protobuf *p, int field, gan_protobuf_function write, const void *argument)
{
    gan_protobuf inside = {NULL, 0};
    write(&inside, argument);
    put_tag(p, field, DELIMITED);
    put_varint(p, inside.size);
    if (p->out)
        write(p, argument);
    else
        p->size += inside.size;
}
