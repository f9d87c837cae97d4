/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/json.h"

#include <errno.h>
#include <stdlib.h>
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

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, so that a file of many keys costs no more than its size. */
static gan_status check_one_object(const cJSON *object, gan_context *context, const char *what)
{
    size_t count = 0;
    const cJSON *item;
    const char **keys =
        gan_context_allocate(context, (size_t)cJSON_GetArraySize(object) + 1, sizeof *keys, "an object's keys");
    if (!keys) return GAN_ERROR_OUT_OF_MEMORY;
    cJSON_ArrayForEach(item, object) keys[count++] = item->string;
    qsort(keys, count, sizeof *keys, compare_keys);
    gan_status status = GAN_OK;
    for (size_t i = 1; status == GAN_OK && i < count; i++)
        if (strcmp(keys[i - 1], keys[i]) == 0)
            status =
                gan_fail(GAN_ERROR_FORMAT, "%.300s: its JSON has the key \"%.60s\" twice in one object", what, keys[i]);
    gan_context_release(context, keys);
    return status;
}

/* Of the value and all in it, as deep as the JSON library goes (1000). What a key that is there twice means, readers do
 * not agree on (RFC 8259, section 4). */
static gan_status check_objects(const cJSON *json, gan_context *context, const char *what)
{
    const cJSON *item;
    gan_status status = cJSON_IsObject(json) ? check_one_object(json, context, what) : GAN_OK;
    cJSON_ArrayForEach(item, json)
    {
        if (status != GAN_OK) break;
        if (item->child) status = check_objects(item, context, what);
    }
    return status;
}

gan_status gan_json_parse(cJSON **json, gan_context *context, const char *text, size_t length, const char *what)
{
    *json = NULL;
    for (size_t i = 0; i < length;) {
        size_t bytes = character_bytes((const unsigned char *)text + i, length - i);
        if (bytes == 0) return gan_fail(GAN_ERROR_FORMAT, "%.300s: byte %zu of its JSON is not UTF-8", what, i);
        i += bytes;
    }
    const char *end = NULL;
    errno = 0; /* the JSON library returns the same for want of memory, which malloc() tells here */
    *json = cJSON_ParseWithLengthOpts(text, length, &end, false);
    if (!*json && errno == ENOMEM) return gan_fail(GAN_ERROR_OUT_OF_MEMORY, "out of memory: the JSON of %.300s", what);
    size_t used = end ? (size_t)(end - text) : 0, rest = used;
    while (rest < length && memchr(" \t\r\n", text[rest], 4)) rest++;
    gan_status status = *json && rest == length
                            ? check_objects(*json, context, what)
                            : gan_fail(GAN_ERROR_FORMAT, "%.300s: its JSON is wrong at byte %zu", what, used);
    if (status == GAN_OK) return GAN_OK;
    cJSON_Delete(*json);
    *json = NULL;
    return status;
}

gan_status gan_json_check_keys(const cJSON *object, const char *const *keys, const char *what, const char *where)
{
    const cJSON *item;
    if (!cJSON_IsObject(object)) return gan_fail(GAN_ERROR_FORMAT, "%.200s: %s must be an object", what, where);
    cJSON_ArrayForEach(item, object)
    {
        int i = 0;
        while (keys[i] && strcmp(keys[i], item->string) != 0) i++;
        if (!keys[i])
            return gan_fail(GAN_ERROR_FORMAT, "%.200s: %s has a \"%.60s\", which this version does not know", what,
                            where, item->string);
    }
    return GAN_OK;
}

bool gan_json_integer(const cJSON *item, int64_t low, int64_t high, int64_t *number)
{
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= (double)low && item->valuedouble <= (double)high)) return false;
    *number = (int64_t)item->valuedouble;
    return (double)*number == item->valuedouble;
}
