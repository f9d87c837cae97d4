/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_KERNEL_TILE_H
#define GAN_KERNEL_TILE_H

#include "kernel/variant.h"

/* Products are made in tiles of sums that stay in registers: TILE_ROWS x TILE_VECTORS of them or less. */
#define TILE_VECTORS 2
#define TILE_COLUMNS (TILE_VECTORS * LANES)
#if LANES == 16
#define TILE_ROWS 12 /* 24 sums, 2 vectors of weights and 1 of inputs, in 32 registers */
#elif defined __aarch64__
#define TILE_ROWS 8
#else
#define TILE_ROWS 6 /* 12 sums, of 16 registers */
#endif

/* EACH_TILE(f) is f(rows) for every height that a tile may have, from 1 up. */
#define EACH_TILE_OF_6(f)  f(1) f(2) f(3) f(4) f(5) f(6)
#define EACH_TILE_OF_8(f)  EACH_TILE_OF_6(f) f(7) f(8)
#define EACH_TILE_OF_12(f) EACH_TILE_OF_8(f) f(9) f(10) f(11) f(12)
#if TILE_ROWS == 12
#define EACH_TILE(f) EACH_TILE_OF_12(f)
#elif TILE_ROWS == 8
#define EACH_TILE(f) EACH_TILE_OF_8(f)
#else
#define EACH_TILE(f) EACH_TILE_OF_6(f)
#endif

/* The next of the tiles, as equal as can be, that `left` rows are cut into. */
INLINE int tile_height(int64_t left)
{
    return (int)(left / ((left + TILE_ROWS - 1) / TILE_ROWS));
}

/* Up to this many columns that are left over are dot products, whose lanes are the summed elements: no lane is wasted
 * on the 17th of 17 channels. */
#if LANES == 16
#define DOT_COLUMNS 4
#elif LANES == 8
#define DOT_COLUMNS 3
#else
#define DOT_COLUMNS 1
#endif
#define DOT_ROWS  4 /* a tile of dot products */
#define DOT_WIDTH 3

#endif
