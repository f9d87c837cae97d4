/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/checksum.h"
#include "core/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PREFIX 8 /* bytes of the header's length */
#define DIGITS 8

/* CRC-32 (ISO 3309; as zlib has it), eight bytes at a time: table[k][b] is what b becomes k bytes later (Kounavis,
 * Berry 2005). */
struct crc {
    uint32_t table[8][256], value;
};

static void begin(struct crc *crc)
{
    crc->value = ~UINT32_C(0);
    for (uint32_t b = 0; b < 256; b++) {
        uint32_t x = b;
        for (int bit = 0; bit < 8; bit++) x = x >> 1 ^ (x & 1 ? UINT32_C(0xedb88320) : 0);
        crc->table[0][b] = x;
    }
    for (int k = 1; k < 8; k++)
        for (int b = 0; b < 256; b++)
            crc->table[k][b] = crc->table[k - 1][b] >> 8 ^ crc->table[0][crc->table[k - 1][b] & 255];
}

static void add(struct crc *crc, const unsigned char *p, size_t size)
{
    uint32_t x = crc->value;
    for (; size >= 8; size -= 8, p += 8) {
        uint32_t sum = 0;
        for (int i = 0; i < 8; i++) sum ^= crc->table[7 - i][p[i] ^ (i < 4 ? x >> 8 * i & 255 : 0)];
        x = sum;
    }
    for (; size > 0; size--) x = x >> 8 ^ crc->table[0][(x ^ *p++) & 255];
    crc->value = x;
}

static size_t skip_space(const unsigned char *bytes, size_t at, size_t end)
{
    while (at < end && memchr(" \t\r\n", bytes[at], 4)) at++;
    return at;
}

/* The place of the digits: after the first "gan.checksum" of the header, a colon and a quotation mark; 0: none. */
static size_t find_digits(const unsigned char *bytes, size_t size)
{
    static const char key[] = "\"" GAN_CHECKSUM_KEY "\"";
    const size_t length = sizeof key - 1;
    uint64_t header = 0;
    for (int i = PREFIX - 1; i >= 0 && size >= PREFIX; i--) header = header << 8 | bytes[i];
    if (size < PREFIX || header > size - PREFIX) return 0;
    size_t at = PREFIX, end = PREFIX + (size_t)header;
    while (at + length <= end && memcmp(bytes + at, key, length) != 0) at++;
    if (at + length > end) return 0;
    at = skip_space(bytes, at + length, end);
    if (at == end || bytes[at] != ':') return 0;
    at = skip_space(bytes, at + 1, end);
    return end - at > 1 + DIGITS && bytes[at] == '"' && bytes[at + 1 + DIGITS] == '"' ? at + 1 : 0;
}

static void digits_of(char text[DIGITS + 1], const unsigned char *bytes, size_t size, size_t at)
{
    struct crc crc;
    begin(&crc);
    add(&crc, bytes, at);
    add(&crc, (const unsigned char *)GAN_CHECKSUM_NONE, DIGITS);
    add(&crc, bytes + at + DIGITS, size - at - DIGITS);
    snprintf(text, DIGITS + 1, "%08" PRIx32, ~crc.value);
}

void gan_checksum_write(unsigned char *bytes, size_t size)
{
    char text[DIGITS + 1];
    size_t at = find_digits(bytes, size);
    if (at == 0) return;
    digits_of(text, bytes, size, at);
    memcpy(bytes + at, text, DIGITS);
}

gan_status gan_checksum_verify(const unsigned char *bytes, size_t size, const char *path)
{
    char text[DIGITS + 1], name[GAN_PATH_TEXT];
    size_t at = find_digits(bytes, size);
    if (at == 0)
        return gan_fail(GAN_ERROR_FORMAT,
                        "%s is no checkpoint, or damaged: no \"" GAN_CHECKSUM_KEY "\" with %d digits in its header",
                        gan_path_text(name, path), DIGITS);
    digits_of(text, bytes, size, at);
    if (memcmp(bytes + at, text, DIGITS) == 0) return GAN_OK;
    return gan_fail(GAN_ERROR_FORMAT, "%s is damaged: its checksum is %s; it should be %.8s", gan_path_text(name, path),
                    text, (const char *)bytes + at);
}
