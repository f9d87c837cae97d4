/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_CORE_RANDOM_H
#define GAN_CORE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Philox4x32-10: four 32-bit numbers as a pure function of the seed (the key) and of position, stream and substream
 * (the counter). */
typedef struct gan_philox {
    uint64_t seed;
    uint32_t stream;    /* a gan_stream */
    uint32_t substream; /* whatever the stream's user tells apart: a parameter, an epoch */
} gan_philox;

void gan_philox_block(const gan_philox *philox, uint64_t position, uint32_t out[4]);

/* A number of [0, 1) with 24 bits from 32 random bits. */
static inline float gan_unit_float(uint32_t bits)
{
    return (float)(bits >> 8) * 0x1p-24f;
}

__extension__ typedef unsigned __int128 gan_uint128;

/* A number of 0..n-1, n at least 1, from 64 random bits: the high half of their product. */
static inline uint64_t gan_bounded(uint64_t bits, uint64_t n)
{
    return (uint64_t)(((gan_uint128)bits * n) >> 64);
}

/* Fill from the block at `position` on; return the position after the last block used. */
uint64_t gan_fill_normal(const gan_philox *philox, uint64_t position, float *out, size_t count, float mean,
                         float deviation);
uint64_t gan_fill_uniform(const gan_philox *philox, uint64_t position, float *out, size_t count, float low, float high);
uint64_t gan_fill_integers(const gan_philox *philox, uint64_t position, int32_t *out, size_t count, int32_t low,
                           int32_t high);

#endif
