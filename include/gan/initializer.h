/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_INITIALIZER_H
#define GAN_INITIALIZER_H

#include <gan/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How parameters begin. fan_in and fan_out are the products of receptive field and channels. */
typedef enum gan_initializer_kind {
    GAN_INITIALIZER_DEFAULT = 0, /* the network's, and that one's default is GAN_INITIALIZER_GLOROT_UNIFORM */
    GAN_INITIALIZER_NORMAL = 1,  /* N(mean, scale^2) */
    GAN_INITIALIZER_UNIFORM = 2, /* mean - scale .. mean + scale */
    GAN_INITIALIZER_ZEROS = 3,
    GAN_INITIALIZER_ONES = 4,
    GAN_INITIALIZER_GLOROT_UNIFORM = 5, /* U(-a, a), a = scale * sqrt(6 / (fan_in + fan_out)); Glorot, Bengio 2010 */
    GAN_INITIALIZER_GLOROT_NORMAL = 6,  /* deviation scale * sqrt(2 / (fan_in + fan_out)) */
    GAN_INITIALIZER_HE_UNIFORM = 7,     /* U(-a, a), a = scale * sqrt(6 / fan_in); He et al. 2015 */
    GAN_INITIALIZER_HE_NORMAL = 8,      /* deviation scale * sqrt(2 / fan_in) */
    GAN_INITIALIZER_ORTHOGONAL = 9      /* scale * orthonormal rows or columns; Saxe et al. 2013 */
} gan_initializer_kind;

typedef struct gan_initializer {
    int kind;    /* a gan_initializer_kind */
    float scale; /* default 0.05 for normal and uniform, 1 for the scaled ones; must not be negative */
    float mean;  /* of normal and uniform, default 0 */
} gan_initializer;

#ifdef __cplusplus
}
#endif
#endif
