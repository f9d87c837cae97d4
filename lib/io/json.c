/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/json.h"
#include "core/error.h"

#include <string.h>

/* Bytes of the character that begins at text, 0 when it is not UTF-8 (RFC 3629): no stray and no overlong sequences, no
 * surrogates, nothing above U+10FFFF. */
static size_t character_bytes(const unsigned char *text, size_t left)
{
    static const struct {
        unsigned char first, last; /* of the first byte */
        unsigned char low, high;   /* of the second */
        size_t bytes;
    } forms[] = {{0x01, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
                 {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
                 {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (text[0] < forms[i].first || text[0] > forms[i].last) continue;
        if (left < forms[i].bytes) return 0;
        if (forms[i].bytes > 1 && (text[1] < forms[i].low || text[1] > forms[i].high)) return 0;
        for (size_t k = 2; k < forms[i].bytes; k++)
            if ((text[k] & 0xc0) != 0x80) return 0;
        return forms[i].bytes;
    }
    return 0;
}

gan_status gan_json_parse(cJSON **json, const char *text, size_t length, const char *what)
{
    *json = NULL;
    for (size_t i = 0; i < length;) {
        size_t bytes = character_bytes((const unsigned char *)text + i, length - i);
        if (bytes == 0) return gan_fail(GAN_ERROR_FORMAT, "%.300s: byte %zu of its JSON is not UTF-8", what, i);
        i += bytes;
    }
    const char *end = NULL;
    *json = cJSON_ParseWithLengthOpts(text, length, &end, false);
    size_t used = end ? (size_t)(end - text) : 0, rest = used;
    while (rest < length && memchr(" \t\r\n", text[rest], 4)) rest++;
    if (*json && rest == length) return GAN_OK;
    cJSON_Delete(*json);
    *json = NULL;
    return gan_fail(GAN_ERROR_FORMAT, "%.300s: its JSON is wrong at byte %zu", what, used);
}

bool gan_json_integer(const cJSON *item, int64_t low, int64_t high, int64_t *number)
{
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= (double)low && item->valuedouble <= (double)high)) return false;
    *number = (int64_t)item->valuedouble;
    return (double)*number == item->valuedouble;
}
