/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/fields.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_EXACT (INT64_C(1) << 53)

static const char *const kinds[] = {"default",        "normal",        "uniform",    "zeros",     "ones",
                                    "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "orthogonal"};

#define KINDS ((int)(sizeof kinds / sizeof kinds[0]))

static const char *const initializer_keys[] = {"kind", "scale", "mean", NULL};

bool gan_json_add(cJSON *object, const char *name, cJSON *item)
{
    if (cJSON_AddItemToObject(object, name, item)) return true;
    cJSON_Delete(item);
    return false;
}

cJSON *gan_json_float(float number)
{
    char text[32];
    if (number == 0) return cJSON_CreateNumber(0); /* -0 is GAN_ZERO, and so is a 0 that is read */
    for (int digits = 1; digits < 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)number);
        double rounded = strtod(text, NULL);
        if ((float)rounded == number) return cJSON_CreateNumber(rounded);
    }
    return cJSON_CreateNumber((double)number);
}

cJSON *gan_json_initializer(const gan_initializer *init)
{
    cJSON *object = cJSON_CreateObject();
    if (object && cJSON_AddStringToObject(object, "kind", kinds[init->kind]) &&
        gan_json_add(object, "scale", gan_json_float(init->scale)) &&
        gan_json_add(object, "mean", gan_json_float(init->mean)))
        return object;
    cJSON_Delete(object);
    return NULL;
}

cJSON *gan_json_shape(int rank, const int64_t *shape)
{
    cJSON *array = cJSON_CreateArray();
    for (int i = 0; array && i < rank; i++)
        if (!cJSON_AddItemToArray(array, cJSON_CreateNumber((double)shape[i]))) {
            cJSON_Delete(array);
            array = NULL;
        }
    return array;
}

int gan_json_shape_rank(const int64_t *shape)
{
    int rank = 0;
    while (rank < GAN_MAX_RANK && shape[rank] != 0) rank++;
    return rank;
}

/* How each type of field is written and read. `skips`: whether the member has its default. */
typedef struct form {
    bool (*skips)(const gan_field *field, const void *member);
    cJSON *(*write)(const void *member);
    bool (*read)(void *member, const cJSON *item);
    const char *expected;
    const char *const *keys; /* where it is an object */
} form;

static bool skips_int(const gan_field *field, const void *member)
{
    return *(const int *)member == (int)field->fallback;
}

static cJSON *write_int(const void *member)
{
    return cJSON_CreateNumber(*(const int *)member);
}

static bool read_int(void *member, const cJSON *item)
{
    int64_t number;
    if (!gan_json_integer(item, INT32_MIN, INT32_MAX, &number)) return false;
    *(int *)member = (int)number;
    return true;
}

static bool skips_int64(const gan_field *field, const void *member)
{
    return *(const int64_t *)member == (int64_t)field->fallback;
}

/* A double counts to 2^53; what is beyond is written as text. */
static cJSON *write_int64(const void *member)
{
    int64_t number = *(const int64_t *)member;
    char text[24];
    if (number >= -MOST_EXACT && number <= MOST_EXACT) return cJSON_CreateNumber((double)number);
    snprintf(text, sizeof text, "%" PRId64, number);
    return cJSON_CreateString(text);
}

static bool read_int64(void *member, const cJSON *item)
{
    if (!cJSON_IsString(item)) return gan_json_integer(item, -MOST_EXACT, MOST_EXACT, member);
    char *end;
    errno = 0;
    *(int64_t *)member = strtoll(item->valuestring, &end, 10);
    return errno == 0 && end != item->valuestring && *end == '\0';
}

static bool skips_float(const gan_field *field, const void *member)
{
    float number = *(const float *)member;
    return number == (float)field->fallback && !(number == 0 && signbit(number));
}

static cJSON *write_float(const void *member)
{
    return gan_json_float(*(const float *)member);
}

/* A 0 that is written out is meant: GAN_ZERO. */
static bool read_float(void *member, const cJSON *item)
{
    if (!cJSON_IsNumber(item)) return false;
    float number = (float)item->valuedouble;
    *(float *)member = number == 0 ? GAN_ZERO : number;
    return true;
}

static bool skips_bool(const gan_field *field, const void *member)
{
    (void)field;
    return !*(const bool *)member;
}

static cJSON *write_bool(const void *member)
{
    return cJSON_CreateBool(*(const bool *)member);
}

static bool read_bool(void *member, const cJSON *item)
{
    *(bool *)member = cJSON_IsTrue(item);
    return cJSON_IsBool(item);
}

static bool skips_shape(const gan_field *field, const void *member)
{
    (void)field;
    return gan_json_shape_rank(member) == 0;
}

static cJSON *write_shape(const void *member)
{
    return gan_json_shape(gan_json_shape_rank(member), member);
}

bool gan_json_read_shape(int64_t *shape, const cJSON *item)
{
    int rank = cJSON_GetArraySize(item);
    if (!cJSON_IsArray(item) || rank >= GAN_MAX_RANK) return false;
    for (int i = 0; i < rank; i++) /* a 0 would end the shape before what follows it */
        if (!gan_json_integer(cJSON_GetArrayItem(item, i), -1, MOST_EXACT, &shape[i]) || shape[i] == 0) return false;
    return true;
}

static bool skips_initializer(const gan_field *field, const void *member)
{
    const gan_initializer *init = member;
    float scale = init->kind == GAN_INITIALIZER_NORMAL || init->kind == GAN_INITIALIZER_UNIFORM ? 0.05f : 1;
    return init->kind == (int)field->fallback && (init->kind == 0 || (init->scale == scale && init->mean == 0));
}

static bool read_shape(void *member, const cJSON *item)
{
    return gan_json_read_shape(member, item);
}

static cJSON *write_initializer(const void *member)
{
    return gan_json_initializer(member);
}

static bool read_initializer(void *member, const cJSON *item)
{
    gan_initializer *init = member;
    const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "kind"));
    const cJSON *scale = cJSON_GetObjectItemCaseSensitive(item, "scale"),
                *mean = cJSON_GetObjectItemCaseSensitive(item, "mean");
    init->kind = 1;
    while (kind && init->kind < KINDS && strcmp(kinds[init->kind], kind) != 0) init->kind++;
    if (cJSON_IsNumber(mean)) init->mean = (float)mean->valuedouble;
    return kind && init->kind < KINDS && (!mean || cJSON_IsNumber(mean)) && (!scale || read_float(&init->scale, scale));
}

static const form forms[] = {
    [GAN_FIELD_INT] = {skips_int, write_int, read_int, "a whole number"},
    [GAN_FIELD_INT64] = {skips_int64, write_int64, read_int64, "a whole number"},
    [GAN_FIELD_FLOAT] = {skips_float, write_float, read_float, "a number"},
    [GAN_FIELD_BOOL] = {skips_bool, write_bool, read_bool, "true or false"},
    [GAN_FIELD_SHAPE] = {skips_shape, write_shape, read_shape, GAN_JSON_SHAPE},
    [GAN_FIELD_INITIALIZER] = {skips_initializer, write_initializer, read_initializer,
                               "an object with kind, scale and mean", initializer_keys},
};

cJSON *gan_fields_write(const gan_field *fields, int count, const void *options)
{
    cJSON *object = cJSON_CreateObject();
    for (int i = 0; object && i < count; i++) {
        const void *member = (const unsigned char *)options + fields[i].offset;
        const form *f = &forms[fields[i].type];
        if (!f->write || f->skips(&fields[i], member) || gan_json_add(object, fields[i].name, f->write(member)))
            continue;
        cJSON_Delete(object);
        object = NULL;
    }
    return object;
}

/* gan_options_read() would take it for the default. */
static bool is_zero_out_of_range(const gan_field *field, const cJSON *item)
{
    bool whole = field->type == GAN_FIELD_INT || field->type == GAN_FIELD_INT64;
    return whole && cJSON_IsNumber(item) && item->valuedouble == 0 && (field->low > 0 || field->high < 0);
}

static gan_status read_option(const gan_field *field, void *member, const cJSON *item, const char *what,
                              const char *owner)
{
    const form *f = &forms[field->type];
    char where[200];
    snprintf(where, sizeof where, "option \"%.60s\" of %.100s", field->name, owner);
    gan_status status = f->keys ? gan_json_check_keys(item, f->keys, what, where) : GAN_OK;
    if (status == GAN_OK && !f->read(member, item))
        status = gan_fail(GAN_ERROR_FORMAT, "%.200s: %s must be %s", what, where, f->expected);
    if (status == GAN_OK && is_zero_out_of_range(field, item))
        status = gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%.200s: %s is 0; it must be %.19g to %.19g, or left out", what,
                          where, field->low, field->high);
    return status;
}

gan_status gan_fields_read(const gan_field *fields, int count, void *options, const cJSON *object, const char *what,
                           const char *where)
{
    const cJSON *item;
    if (!cJSON_IsObject(object))
        return gan_fail(GAN_ERROR_FORMAT, "%.200s: the options of %s must be an object", what, where);
    cJSON_ArrayForEach(item, object)
    {
        int i = 0;
        while (i < count && (!forms[fields[i].type].read || strcmp(fields[i].name, item->string) != 0)) i++;
        if (i == count)
            return gan_fail(GAN_ERROR_FORMAT, "%.200s: %s has an option \"%.60s\", which this version does not know",
                            what, where, item->string);
        gan_status status = read_option(&fields[i], (unsigned char *)options + fields[i].offset, item, what, where);
        if (status != GAN_OK) return status;
    }
    return GAN_OK;
}

gan_status gan_json_read_initializer(gan_initializer *initializer, const cJSON *item, const char *what,
                                     const char *where)
{
    const form *f = &forms[GAN_FIELD_INITIALIZER];
    gan_status status = gan_json_check_keys(item, f->keys, what, where);
    if (status == GAN_OK && !f->read(initializer, item))
        status = gan_fail(GAN_ERROR_FORMAT, "%.200s: %s must be %s", what, where, f->expected);
    return status;
}
