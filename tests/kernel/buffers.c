/* SPDX-License-Identifier: BSD-2-Clause */
#include "buffers.h"

#include <math.h>

#define GUARD 64 /* floats on either side */

static const float guard_value = -12345.678f;

void *must_allocate(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    must(memory != NULL, "the test is out of memory");
    return memory;
}

buffer buffer_new(int64_t n, int misaligned)
{
    size_t floats = (size_t)n + 3 * GUARD;
    buffer b = {.n = n, .memory = must_allocate(floats, sizeof(float)), .misaligned = misaligned};
    float *start = b.memory;
    for (size_t i = 0; i < floats; i++) start[i] = guard_value;
    uintptr_t past = (uintptr_t)(start + GUARD) % 64 / sizeof(float);
    b.x = start + GUARD + (16 - past) % 16 + misaligned;
    return b;
}

void buffer_free(buffer *b, const char *what)
{
    for (int i = 1; i <= GUARD / 2; i++) {
        must(b->x[-i] == guard_value, "%s wrote %d floats before its output", what, i);
        must(b->x[b->n + i - 1] == guard_value, "%s wrote %d floats behind its output", what, i);
    }
    free(b->memory);
    *b = (buffer){0};
}

void buffer_fill(buffer *b, uint64_t seed)
{
    uint64_t state = seed * 2654435769u + 12345;
    for (int64_t i = 0; i < b->n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        b->x[i] = (float)(int32_t)(state >> 32) * 0x1p-30f;
    }
}

void check_near(const char *what, const float *a, const double *b, int64_t n, double relative, double floor)
{
    double largest_b = 1; /* as the inputs, whose rounding stays where sums cancel */
    for (int64_t i = 0; i < n; i++) largest_b = fmax(largest_b, fabs(b[i]));
    for (int64_t i = 0; i < n; i++) {
        double difference = fabs(a[i] - b[i]), allowed = relative * fabs(b[i]) + floor * largest_b;
        must(difference <= allowed, "%s: element %lld is %.9g, not %.9g", what, (long long)i, a[i], b[i]);
    }
}

int tables(const gan_kernels *table[8])
{
    int count = 0;
    for (int set = GAN_KERNELS_C; set <= GAN_KERNELS_NEON; set++) {
        table[count] = gan_kernels_select((gan_kernel_set)set);
        if (table[count]) count++;
    }
    return count;
}
