/* SPDX-License-Identifier: BSD-2-Clause */
#include "allocator.h"
#include "support.h"

#include <stdlib.h>

static void *allocate(void *user, size_t size, size_t alignment)
{
    failing_allocator *allocator = user;
    if (atomic_fetch_add(&allocator->calls, 1) + 1 == allocator->fail_at) return NULL;
    void *memory = NULL;
    if (posix_memalign(&memory, alignment, size) != 0) return NULL;
    atomic_fetch_add(&allocator->live, 1);
    return memory;
}

static void release(void *user, void *memory)
{
    failing_allocator *allocator = user;
    ck_assert_ptr_nonnull(memory);
    atomic_fetch_sub(&allocator->live, 1);
    free(memory);
}

gan_allocator allocator_of(failing_allocator *allocator)
{
    return (gan_allocator){.allocate = allocate, .release = release, .user = allocator};
}
