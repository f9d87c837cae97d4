/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_CORE_MEMORY_H
#define GAN_CORE_MEMORY_H

#include <gan/context.h>
#include <stdbool.h>

/* Every block is aligned to this: a cache line, and the widest vector. */
#define GAN_ALIGNMENT 64

/* The one place where memory comes from. Zeroed and aligned; NULL, with the last error set, when count * size does not
 * fit in size_t or the allocator has no more. `what` completes "out of memory: 12 bytes for ...". */
void *gan_allocate(const gan_allocator *allocator, size_t count, size_t size, const char *what);

/* NULL is fine. */
void gan_release(const gan_allocator *allocator, void *memory);

/* The C library's allocator. */
gan_allocator gan_default_allocator(void);

/* Checked arithmetic: false when the result does not fit. */
static inline bool gan_size_multiply(size_t a, size_t b, size_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

static inline bool gan_size_add(size_t a, size_t b, size_t *sum)
{
    return !__builtin_add_overflow(a, b, sum);
}

/* The product of the dimensions, each at least 1; false when it does not fit into int64_t. */
bool gan_shape_count(int rank, const int64_t *shape, int64_t *count);

#endif
