/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_EMBEDDING_H
#define GAN_EMBEDDING_H

#include <gan/layer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A learned vector for each class: [1] -> [dim], y = weight[x, :]. x is the number of a class, 0 .. classes - 1, as a
 * float. The vector of a number that is none (-1, 2.5, classes, NaN) is NaN: it shows as a loss that is not finite,
 * which gan_session_step() reports before the weights are touched. The gradient to x is zero. gan/layer.h tells how
 * layers are added. Parameter: weight [classes, dim], with fan_in = classes and fan_out = dim. */
typedef struct gan_embedding_options {
    size_t size;
    gan_node *input;
    const char *name;
    int classes;             /* 1 .. 2^20, required */
    int dim;                 /* 1 .. 2^20, required */
    gan_initializer weights; /* default the network's */
    int reserved;            /* 0 */
} gan_embedding_options;
GAN_API gan_node *gan_embedding_layer(const gan_embedding_options *options);

#ifdef __cplusplus
}

GAN_LAYER_CALL_(embedding, gan_embedding_options)
#else
#define gan_embedding(...) GAN_LAYER_CALL_(embedding, gan_embedding_options, __VA_ARGS__)
#endif

#endif
