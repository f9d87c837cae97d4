/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_NORM_H
#define GAN_NORM_H

#include <gan/layer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Normalizations. gan/layer.h tells how layers are added. */

/* Batch normalization (short name bn) over everything but the last dimension (Ioffe, Szegedy 2015):
 *     y = gamma * (x - mean) / sqrt(variance + epsilon) + beta
 * Training: mean and (biased) variance of the batch. Inference: their running averages, each an average over all
 * batches seen until 1 / (1 - momentum) of them, an exponential one with this momentum after, so that they are usable
 * from the first step on. A channel whose batch has an infinity or NaN leaves them as they are. Parameters gamma [C],
 * beta [C]; buffers running_mean [C], running_variance [C], batches [1].
 */
typedef struct gan_batch_norm_options {
    size_t size;
    gan_node *input;
    const char *name;
    float epsilon;         /* above 0, default 0.001 */
    float momentum;        /* the weight of the past, 0 <= momentum < 1, default 0.9: a generator moves fast */
    gan_initializer gamma; /* default ones */
    gan_initializer beta;  /* default zeros */
} gan_batch_norm_options;
GAN_API gan_node *gan_batch_norm_layer(const gan_batch_norm_options *options);

#ifdef __cplusplus
}

GAN_LAYER_CALL_(batch_norm, gan_batch_norm_options)
#else
#define gan_batch_norm(...) GAN_LAYER_CALL_(batch_norm, gan_batch_norm_options, __VA_ARGS__)
#endif

#endif
