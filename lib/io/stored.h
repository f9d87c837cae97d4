/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_IO_STORED_H
#define GAN_IO_STORED_H

#include <gan/tensor.h>
#include <stdbool.h>
#include <stddef.h>

/* Tensors as safetensors files have them. */

/* The format's types, the first of them those of tensors. */
typedef enum gan_stored_type {
    GAN_STORED_F32 = GAN_FLOAT32,
    GAN_STORED_U8 = GAN_UINT8,
    GAN_STORED_I32 = GAN_INT32,
    GAN_STORED_F64,
    GAN_STORED_F16,
    GAN_STORED_BF16,
    GAN_STORED_I64,
    GAN_STORED_I16,
    GAN_STORED_I8,
    GAN_STORED_U64,
    GAN_STORED_U32,
    GAN_STORED_U16,
    GAN_STORED_BOOL
} gan_stored_type;

typedef struct gan_stored_tensor {
    const char *name;
    gan_stored_type type;
    int rank;
    int64_t shape[GAN_MAX_RANK];
    void *data;
    size_t bytes;
} gan_stored_tensor;

/* The tensor under a name. */
gan_stored_tensor gan_stored(const char *name, const gan_tensor *tensor);

const char *gan_stored_type_name(gan_stored_type type); /* "F32" */
size_t gan_stored_type_bytes(gan_stored_type type);     /* of an element */
bool gan_stored_type_find(gan_stored_type *type, const char *name);

/* Copies elements. In a file they are little-endian; they are turned where the host is not. */
void gan_stored_copy(void *target, const void *source, size_t bytes, gan_stored_type type);

/* Element `index` as a float, rounded to the nearest; of F32, F64, F16, BF16, I64 and I32, which gan_stored_is_number()
 * tells. */
bool gan_stored_is_number(gan_stored_type type);
float gan_stored_number(const gan_stored_tensor *tensor, int64_t index);

#endif
