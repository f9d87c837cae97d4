/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_IO_PROTOBUF_H
#define GAN_IO_PROTOBUF_H

#include <stddef.h>
#include <stdint.h>

/* Writes messages in the wire format of Protocol Buffers (protobuf.dev/programming-guides/encoding): fields one after
 * the other, each a tag, its number and kind, and the value. Whoever writes a message does it twice: without memory, to
 * learn its size, then into that. */
typedef struct gan_protobuf {
    unsigned char *out; /* NULL: nothing is written, `size` alone grows */
    size_t size;        /* bytes so far */
} gan_protobuf;

typedef void (*gan_protobuf_function)(gan_protobuf *p, const void *argument);

/* A field: an int64, int32 or enum; a float; text; numbers as bytes, little-endian, `bytes` each, 4 or 8; a message,
 * which the function writes. Repeated fields are written once for each element. */
void gan_protobuf_integer(gan_protobuf *p, int field, int64_t number);
void gan_protobuf_float(gan_protobuf *p, int field, float number);
void gan_protobuf_text(gan_protobuf *p, int field, const char *text);
void gan_protobuf_numbers(gan_protobuf *p, int field, const void *numbers, size_t count, size_t bytes);
void gan_protobuf_message(gan_protobuf *p, int field, gan_protobuf_function write, const void *argument);

#endif
