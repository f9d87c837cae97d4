/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_NOISE_H
#define GAN_NOISE_H

#include <gan/layer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Layers that are random in training, other numbers in each forward pass, and pass their input on in inference. The
 * shape stays. The numbers are a function of the seed, the network, the layer and the number of the pass, whatever the
 * threads (docs/determinism.md). gan/layer.h tells how layers are added. */

/* Each number becomes 0 with probability rate; the others are divided by 1 - rate, so that the mean stays (Srivastava
 * et al. 2014, "inverted"). */
typedef struct gan_dropout_options {
    size_t size;
    gan_node *input;
    const char *name;
    float rate;   /* 0 <= rate < 1, default 0.5 */
    int reserved; /* 0 */
} gan_dropout_options;
GAN_API gan_node *gan_dropout_layer(const gan_dropout_options *options);

/* x + deviation * n, or x * (1 + deviation * n), with a standard normal number n for each element. On D's input the
 * first is instance noise (Sonderby et al. 2016; Arjovsky, Bottou 2017); the second is Gaussian dropout, of which a
 * rate has the deviation sqrt(rate / (1 - rate)) (Srivastava et al. 2014, section 10). */
typedef struct gan_gaussian_noise_options {
    size_t size;
    gan_node *input;
    const char *name;
    float deviation; /* required, 0..1e30 */
    bool multiplicative;
    int64_t reserved; /* 0 */
} gan_gaussian_noise_options;
GAN_API gan_node *gan_gaussian_noise_layer(const gan_gaussian_noise_options *options);

#ifdef __cplusplus
}

GAN_LAYER_CALL_(dropout, gan_dropout_options)
GAN_LAYER_CALL_(gaussian_noise, gan_gaussian_noise_options)
#else
#define gan_dropout(...)        GAN_LAYER_CALL_(dropout, gan_dropout_options, __VA_ARGS__)
#define gan_gaussian_noise(...) GAN_LAYER_CALL_(gaussian_noise, gan_gaussian_noise_options, __VA_ARGS__)
#endif

#endif
