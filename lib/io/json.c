/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/json.h"

#include "core/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
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

bool gan_is_utf8(const char *text, size_t length, size_t *wrong)
{
    size_t i = 0, bytes = 1;
    while (i < length && (bytes = character_bytes((const unsigned char *)text + i, length - i)) > 0) i += bytes;
    if (wrong) *wrong = i;
    return bytes > 0;
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
    size_t wrong;
    if (!gan_is_utf8(text, length, &wrong))
        return gan_fail(GAN_ERROR_FORMAT, "%.300s: byte %zu of its JSON is not UTF-8", what, wrong);
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

cJSON *gan_json_counter(uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, number);
    return cJSON_CreateString(text);
}

bool gan_json_read_counter(uint64_t *number, const cJSON *item)
{
    const char *text = cJSON_GetStringValue(item);
    size_t digits = text ? strspn(text, "0123456789") : 0;
    if (digits == 0 || digits > 20 || text[digits]) return false;
    errno = 0;
    *number = strtoull(text, NULL, 10);
    return errno == 0;
}

/* The JSON library writes 15 digits where that comes near; 17 are always enough. */
cJSON *gan_json_double(double number)
{
    char text[40], *to = text;
    snprintf(text, sizeof text, "%.17g", number);
    for (const char *from = text; *from; from++) {
        bool plain = strchr("0123456789+-e", *from) != NULL;
        if (plain || to == text || to[-1] != '.') *to++ = plain ? *from : '.';
    }
    *to = '\0';
    return cJSON_CreateRaw(text);
}

/* A value for a sentence. */
static void append_value(gan_text *text, const cJSON *item)
{
    char *printed = item ? cJSON_PrintUnformatted(item) : NULL;
    gan_text_append(text, "%.60s%s", printed ? printed : "not there", printed && strlen(printed) > 60 ? "..." : "");
    cJSON_free(printed);
}

#define PLACE_TEXT 200

static gan_status differs(const cJSON *file, const cJSON *own, const char *place, const char *what,
                          const char *own_name)
{
    char values[400] = "";
    gan_text text = {values, sizeof values, 0};
    append_value(&text, file);
    gan_text_append(&text, " in the checkpoint and ");
    append_value(&text, own);
    return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%.100s: %s is %s in the %s", what, place, values, own_name);
}

/* What both sides share while it goes down; place: of the two items, ended at `length`. */
struct comparison {
    const char *what, *own_name;
    char place[PLACE_TEXT];
};

static gan_status compare(struct comparison *c, size_t length, const cJSON *file, const cJSON *own);

/* Item by item; what the file has and the other has not comes last. */
static gan_status compare_members(struct comparison *c, size_t length, const cJSON *file, const cJSON *own)
{
    gan_status status = GAN_OK;
    bool array = cJSON_IsArray(own);
    int index = 0;
    for (int pass = 0; pass < 2; pass++) {
        const cJSON *item, *left = pass ? file : own, *right = pass ? own : file;
        index = 0;
        cJSON_ArrayForEach(item, left)
        {
            const cJSON *other =
                array ? cJSON_GetArrayItem(right, index) : cJSON_GetObjectItemCaseSensitive(right, item->string);
            gan_text text = {c->place, sizeof c->place, length};
            if (array)
                gan_text_append(&text, "[%d]", index++);
            else
                gan_text_append(&text, "%s%s", length ? "." : "", item->string);
            if (pass && other) continue; /* compared in the first pass */
            status = compare(c, text.length, pass ? item : other, pass ? other : item);
            if (status != GAN_OK) return status;
        }
    }
    return status;
}

static gan_status compare(struct comparison *c, size_t length, const cJSON *file, const cJSON *own)
{
    if (length >= sizeof c->place) length = sizeof c->place - 1;
    bool container = cJSON_IsArray(own) || cJSON_IsObject(own);
    if (file && own && container && (file->type & 0xff) == (own->type & 0xff))
        return compare_members(c, length, file, own);
    return file && own && cJSON_Compare(file, own, true) ? GAN_OK : differs(file, own, c->place, c->what, c->own_name);
}

gan_status gan_json_compare(const cJSON *file, const cJSON *own, const char *what, const char *own_name)
{
    struct comparison c = {.what = what, .own_name = own_name};
    return compare(&c, 0, file, own);
}
