/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/memory.h"
#include "core/error.h"

#include <stdlib.h>
#include <string.h>

static void *allocate_aligned(void *user, size_t size, size_t alignment)
{
    (void)user;
    void *memory = NULL;
    return posix_memalign(&memory, alignment, size) == 0 ? memory : NULL;
}

static void release_aligned(void *user, void *memory)
{
    (void)user;
    free(memory);
}

gan_allocator gan_default_allocator(void)
{
    return (gan_allocator){.allocate = allocate_aligned, .release = release_aligned};
}

void *gan_allocate(const gan_allocator *allocator, size_t count, size_t size, const char *what)
{
    size_t bytes;
    if (!gan_size_multiply(count, size, &bytes) || bytes > SIZE_MAX - GAN_ALIGNMENT) {
        gan_fail(GAN_ERROR_OUT_OF_MEMORY, "out of memory: %zu times %zu bytes for %s", count, size, what);
        return NULL;
    }
    bytes = (bytes + GAN_ALIGNMENT - 1) / GAN_ALIGNMENT * GAN_ALIGNMENT;
    void *memory = allocator->allocate(allocator->user, bytes ? bytes : GAN_ALIGNMENT, GAN_ALIGNMENT);
    if (!memory) {
        gan_fail(GAN_ERROR_OUT_OF_MEMORY, "out of memory: %zu bytes for %s", bytes, what);
        return NULL;
    }
    return memset(memory, 0, bytes);
}

void gan_release(const gan_allocator *allocator, void *memory)
{
    if (memory) allocator->release(allocator->user, memory);
}

bool gan_shape_count(int rank, const int64_t *shape, int64_t *count)
{
    *count = 1;
    for (int i = 0; i < rank; i++)
        if (shape[i] < 1 || __builtin_mul_overflow(*count, shape[i], count)) return false;
    return true;
}
