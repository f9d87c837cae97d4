/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/stored.h"
#include "tensor/tensor.h"

#include <float.h>
#include <math.h>
#include <string.h>

typedef struct stored_type {
    const char *name;
    size_t bytes;
    float (*number)(const void *element); /* NULL: it is never asked for */
} stored_type;

static float from_f32(const void *element)
{
    float number;
    memcpy(&number, element, sizeof number);
    return number;
}

/* Beyond the largest float, infinity; the cast alone would leave it open. */
static float from_f64(const void *element)
{
    double number;
    memcpy(&number, element, sizeof number);
    if (number > FLT_MAX || number < -FLT_MAX) return number > 0 ? (float)INFINITY : (float)-INFINITY;
    return (float)number;
}

/* A sign, 5 bits of exponent and 10 of fraction. */
static float from_f16(const void *element)
{
    uint16_t bits;
    memcpy(&bits, element, sizeof bits);
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    float number = ldexpf((float)(exponent ? fraction + 1024 : fraction), (exponent ? exponent : 1) - 25);
    if (exponent == 31) number = fraction ? (float)NAN : (float)INFINITY;
    return bits >> 15 ? -number : number;
}

/* The upper half of a float. */
static float from_bf16(const void *element)
{
    uint16_t half;
    memcpy(&half, element, sizeof half);
    uint32_t bits = (uint32_t)half << 16;
    return from_f32(&bits);
}

static float from_i64(const void *element)
{
    int64_t number;
    memcpy(&number, element, sizeof number);
    return (float)number;
}

static float from_i32(const void *element)
{
    int32_t number;
    memcpy(&number, element, sizeof number);
    return (float)number;
}

static const stored_type types[] = {
    [GAN_STORED_F32] = {"F32", 4, from_f32},
    [GAN_STORED_U8] = {"U8", 1},
    [GAN_STORED_I32] = {"I32", 4, from_i32},
    [GAN_STORED_F64] = {"F64", 8, from_f64},
    [GAN_STORED_F16] = {"F16", 2, from_f16},
    [GAN_STORED_BF16] = {"BF16", 2, from_bf16},
    [GAN_STORED_I64] = {"I64", 8, from_i64},
    [GAN_STORED_I16] = {"I16", 2},
    [GAN_STORED_I8] = {"I8", 1},
    [GAN_STORED_U64] = {"U64", 8},
    [GAN_STORED_U32] = {"U32", 4},
    [GAN_STORED_U16] = {"U16", 2},
    [GAN_STORED_BOOL] = {"BOOL", 1},
};

#define TYPES (sizeof types / sizeof types[0])

const char *gan_stored_type_name(gan_stored_type type)
{
    return types[type].name;
}

size_t gan_stored_type_bytes(gan_stored_type type)
{
    return types[type].bytes;
}

bool gan_stored_type_find(gan_stored_type *type, const char *name)
{
    for (size_t i = 0; i < TYPES; i++) {
        if (strcmp(types[i].name, name) != 0) continue;
        *type = (gan_stored_type)i;
        return true;
    }
    return false;
}

void gan_stored_copy(void *target, const void *source, size_t bytes, gan_stored_type type)
{
    memcpy(target, source, bytes);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    unsigned char *p = target;
    size_t size = types[type].bytes;
    for (size_t i = 0; i + size <= bytes; i += size)
        for (size_t k = 0; k < size / 2; k++) {
            unsigned char byte = p[i + k];
            p[i + k] = p[i + size - 1 - k];
            p[i + size - 1 - k] = byte;
        }
#else
    (void)type;
#endif
}

bool gan_stored_is_number(gan_stored_type type)
{
    return types[type].number != NULL;
}

float gan_stored_number(const gan_stored_tensor *tensor, int64_t index)
{
    const stored_type *type = &types[tensor->type];
    unsigned char element[sizeof(double)];
    gan_stored_copy(element, (const unsigned char *)tensor->data + (size_t)index * type->bytes, type->bytes,
                    tensor->type);
    return type->number(element);
}

gan_stored_tensor gan_stored(const char *name, const gan_tensor *tensor)
{
    gan_stored_tensor stored = {.name = name,
                                .type = (gan_stored_type)tensor->type,
                                .rank = tensor->rank,
                                .data = tensor->data,
                                .bytes = gan_tensor_bytes(tensor)};
    memcpy(stored.shape, tensor->shape, sizeof stored.shape);
    return stored;
}
