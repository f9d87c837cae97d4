/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/elementary.h"

/* Random numbers by element index: element i has word i % 4 of Philox's block position + i / 4 (core/random.h). So they
 * are the same however the work is cut, and cost less to draw again than to keep. */

#define BLOCKS  LANES /* drawn together */
#define NUMBERS (4 * BLOCKS)

__extension__ typedef uint32_t uvec __attribute__((vector_size(LANES * sizeof(float))));

/* The halves of the products of 64 bits. */
INLINE void wide_product(uvec a, uint32_t factor, uvec *high, uvec *low)
{
#if LANES == 16
    __m512i f = _mm512_set1_epi32((int)factor);
    __m512i even = _mm512_mul_epu32((__m512i)a, f), odd = _mm512_mul_epu32(_mm512_srli_epi64((__m512i)a, 32), f);
    *high = (uvec)_mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 32), odd);
    *low = (uvec)_mm512_mask_blend_epi32(0xaaaa, even, _mm512_slli_epi64(odd, 32));
#elif LANES == 8
    __m256i f = _mm256_set1_epi32((int)factor);
    __m256i even = _mm256_mul_epu32((__m256i)a, f), odd = _mm256_mul_epu32(_mm256_srli_epi64((__m256i)a, 32), f);
    *high = (uvec)_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
    *low = (uvec)_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
#else
    uint32_t from[LANES], above[LANES], below[LANES];
    memcpy(from, &a, sizeof from);
    for (int j = 0; j < LANES; j++) {
        uint64_t product = (uint64_t)factor * from[j];
        above[j] = (uint32_t)(product >> 32);
        below[j] = (uint32_t)product;
    }
    memcpy(high, above, sizeof above);
    memcpy(low, below, sizeof below);
#endif
}

static const uint32_t block_numbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* Blocks position .. position + BLOCKS - 1, one a lane: word k of all of them is c[k]. */
INLINE void draw(uvec c[4], const gan_philox *philox, uint64_t position)
{
    uint32_t k0 = (uint32_t)philox->seed, k1 = (uint32_t)(philox->seed >> 32);
    uvec low;
    memcpy(&low, block_numbers, sizeof low);
    low += (uint32_t)position;
    c[0] = low;
    c[1] = (uint32_t)(position >> 32) - (uvec)(low < (uint32_t)position); /* one more behind a carry */
    c[2] = philox->stream - (uvec){0};
    c[3] = philox->substream - (uvec){0};
    for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
        uvec high0, low0, high1, low1;
        wide_product(c[0], 0xD2511F53u, &high0, &low0);
        wide_product(c[2], 0xCD9E8D57u, &high1, &low1);
        c[0] = high1 ^ c[1] ^ k0;
        c[1] = low1;
        c[2] = high0 ^ c[3] ^ k1;
        c[3] = low0;
    }
}

/* The numbers of each block after another. */
INLINE void interleave(float numbers[NUMBERS], const vec words[4])
{
    for (int j = 0; j < BLOCKS; j++)
        for (int k = 0; k < 4; k++) numbers[4 * j + k] = words[k][j];
}

void VARIANT(dropout)(float *y, const float *x, int64_t n, const gan_philox *philox, uint64_t position, float rate)
{
    const int32_t threshold = (int32_t)(rate * 0x1p24f);
    const vec scale = splat(1 / (1 - rate));
    for (int64_t i = 0; i < n; i += NUMBERS, position += BLOCKS) {
        uvec words[4];
        vec factors[4];
        float factor[NUMBERS];
        draw(words, philox, position);
        for (int k = 0; k < 4; k++) factors[k] = choose((ivec)(words[k] >> 8) < threshold, splat(0), scale);
        interleave(factor, factors);
        int64_t count = n - i < NUMBERS ? n - i : NUMBERS;
        INDEPENDENT
        for (int64_t j = 0; j < count; j++) y[i + j] = x[i + j] * factor[j];
    }
}

INLINE vec to_float(uvec bits)
{
    return __builtin_convertvector((ivec)bits, vec); /* below 2^31 */
}

/* -log((bits + 1) / 2^32). With u = 2^n m, m from sqrt(1/2) to sqrt(2), it is -n log(2) - log(m), m = (1 + s) / (1 - s)
 * with s = (m - 1) / (m + 1). Where u is next to 1, 1 - u comes from the bits, which have more digits. */
INLINE vec minus_log(uvec bits)
{
    vec u = (to_float(bits >> 8) + (to_float(bits & 255) + 1) * 0x1p-8f) * 0x1p-24f;
    vec rest = (to_float(~bits >> 8) + to_float(~bits & 255) * 0x1p-8f) * 0x1p-24f;
    ivec n = ((ivec)u - 0x3f3504f3) >> 23; /* the bits of sqrt(1/2) */
    vec m = (vec)((ivec)u - (n << 23));
    vec less_one = choose(n == 0, -rest, m - 1);
    return -0.693147181f * __builtin_convertvector(n, vec) - log_of_quotient(less_one / (2 + less_one));
}

/* cos and sin of 2 pi bits / 2^32: of the nearest quarter and an angle of up to pi / 4 on either side of it. */
INLINE void turn(uvec bits, vec *cosine, vec *sine)
{
    uvec quarter = (bits + 0x20000000u) >> 30;
    vec a = __builtin_convertvector((ivec)(bits - (quarter << 30)), vec) * 0x1.921fb6p-30f; /* 2 pi / 2^32 */
    vec square = a * a;
    vec s = square * -0.000195878907f + 0.00833274797f;
    s = a + a * square * (s * square - 0.166666642f);
    vec c = square * 2.45479423e-05f - 0.00138883025f;
    c = 1 - 0.5f * square + square * square * (c * square + 0.0416666642f);
    ivec swap = (ivec)(quarter & 1) != 0;
    *cosine = (vec)((uvec)choose(swap, s, c) ^ (((quarter + 1) & 2) << 30));
    *sine = (vec)((uvec)choose(swap, c, s) ^ ((quarter & 2) << 30));
}

/* Box and Muller, as gan_fill_normal() has it, in float: words 0 and 1 become two normal numbers, and words 2 and 3. */
INLINE void make_normal(vec normal[4], const uvec words[4])
{
    for (int k = 0; k < 4; k += 2) {
        vec c, s, radius = square_root(2 * minus_log(words[k]));
        turn(words[k + 1], &c, &s);
        normal[k] = radius * c;
        normal[k + 1] = radius * s;
    }
}

void VARIANT(noise)(float *y, const float *x, int64_t n, const gan_philox *philox, uint64_t position, float a, float b)
{
    for (int64_t i = 0; i < n; i += NUMBERS, position += BLOCKS) {
        uvec words[4];
        vec normals[4];
        float normal[NUMBERS];
        draw(words, philox, position);
        make_normal(normals, words);
        interleave(normal, normals);
        int64_t count = n - i < NUMBERS ? n - i : NUMBERS;
        INDEPENDENT
        for (int64_t j = 0; j < count; j++) y[i + j] = x[i + j] + (a + b * x[i + j]) * normal[j];
    }
}
