/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/random.h"

#include <math.h>

void gan_philox_block(const gan_philox *philox, uint64_t position, uint32_t out[4])
{
    uint32_t c0 = (uint32_t)position, c1 = (uint32_t)(position >> 32), c2 = philox->stream, c3 = philox->substream;
    uint32_t k0 = (uint32_t)philox->seed, k1 = (uint32_t)(philox->seed >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

/* Box and Muller: r = sqrt(-2 log u), u in (0, 1], and an angle, give two independent normal numbers. In double, so
 * that the result is the rounded exact value almost everywhere, whatever the C library. */
static void normal_pair(uint32_t a, uint32_t b, double pair[2])
{
    double radius = sqrt(-2.0 * log(((double)a + 1.0) * 0x1p-32));
    double angle = 6.283185307179586476925 * 0x1p-32 * (double)b;
    pair[0] = radius * cos(angle);
    pair[1] = radius * sin(angle);
}

uint64_t gan_fill_normal(const gan_philox *philox, uint64_t position, float *out, size_t count, float mean,
                         float deviation)
{
    for (size_t i = 0; i < count; i += 4, position++) {
        uint32_t bits[4];
        double normal[4];
        gan_philox_block(philox, position, bits);
        normal_pair(bits[0], bits[1], normal);
        normal_pair(bits[2], bits[3], normal + 2);
        for (size_t j = 0; j < 4 && i + j < count; j++) out[i + j] = (float)(mean + deviation * normal[j]);
    }
    return position;
}

uint64_t gan_fill_uniform(const gan_philox *philox, uint64_t position, float *out, size_t count, float low, float high)
{
    for (size_t i = 0; i < count; i += 4, position++) {
        uint32_t bits[4];
        gan_philox_block(philox, position, bits);
        for (size_t j = 0; j < 4 && i + j < count; j++) {
            float value = low + (high - low) * gan_unit_float(bits[j]);
            out[i + j] = value < high || high == low ? value : nextafterf(high, low); /* the sum may round up to high */
        }
    }
    return position;
}

uint64_t gan_fill_integers(const gan_philox *philox, uint64_t position, int32_t *out, size_t count, int32_t low,
                           int32_t high)
{
    uint64_t range = (uint64_t)((int64_t)high - low);
    for (size_t i = 0; i < count; i += 2, position++) {
        uint32_t bits[4];
        gan_philox_block(philox, position, bits);
        for (size_t j = 0; j < 2 && i + j < count; j++) {
            uint64_t wide = (uint64_t)bits[2 * j] << 32 | bits[2 * j + 1];
            out[i + j] = (int32_t)(low + (int64_t)gan_bounded(wide, range));
        }
    }
    return position;
}
