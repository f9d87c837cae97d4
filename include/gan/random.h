/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_RANDOM_H
#define GAN_RANDOM_H

#include <gan/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011), keyed by the context's seed. A number is a pure function of (seed, stream, position): there is no
 * hidden state, drawing from one stream never moves another, and a position is all that a checkpoint has to store. */

/* Streams. The library draws from the named ones; numbers from GAN_STREAM_USER up are the caller's. */
typedef enum gan_stream {
    GAN_STREAM_WEIGHTS = 1,        /* initial weights */
    GAN_STREAM_LATENTS = 2,        /* latents of training steps */
    GAN_STREAM_DATA_ORDER = 3,     /* shuffles */
    GAN_STREAM_AUGMENTATION = 4,   /* flips of datasets; gan/augment.h */
    GAN_STREAM_SAMPLES = 5,        /* latents of gan_session_sample() */
    GAN_STREAM_SYNTHETIC = 6,      /* pictures of the synthetic dataset */
    GAN_STREAM_LAYERS = 7,         /* layers that draw in a training pass: dropout, noise */
    GAN_STREAM_PENALTIES = 8,      /* where a penalty looks between or beside pictures */
    GAN_STREAM_CHECKS = 9,         /* gan_check_network() */
    GAN_STREAM_STATISTICS = 10,    /* latents of gan_network_standing_statistics() */
    GAN_STREAM_LABELS = 11,        /* labels of generated pictures in training steps */
    GAN_STREAM_SAMPLE_LABELS = 12, /* labels of gan_session_sample() */
    GAN_STREAM_METRICS = 13,       /* subsets, directions and pairs of gan/metric.h */
    GAN_STREAM_USER = 64
} gan_stream;

/* Fill a float tensor with normal numbers (Box and Muller, 1958) of this mean and standard deviation, or with uniform
 * numbers of [low, high). stream: 0 < stream < 2^32. *position is where to begin, 0 at first, and is moved
 * past what was drawn: filling two tensors in turn gives other numbers than filling the first one twice. A fill begins
 * at a multiple of four numbers, so that a tensor of n numbers moves the position by (n + 3) / 4.
 * GAN_ERROR_INVALID_ARGUMENT: a NULL, a stream out of range, a deviation that is negative or not finite, a mean or
 * bound that is not finite, high < low. GAN_ERROR_SHAPE: the tensor is not float. Thread-safe on different tensors and
 * positions. */
GAN_API gan_status gan_random_normal(const gan_context *context, uint32_t stream, uint64_t *position,
                                     gan_tensor *tensor, float mean, float deviation);
GAN_API gan_status gan_random_uniform(const gan_context *context, uint32_t stream, uint64_t *position,
                                      gan_tensor *tensor, float low, float high);

/* Fills a GAN_INT32 tensor with whole numbers low..high-1, each as likely as any other (within 2^-32). Two numbers a
 * position: a tensor of n numbers moves it by (n + 1) / 2. Errors as above; GAN_ERROR_SHAPE: not GAN_INT32,
 * GAN_ERROR_INVALID_ARGUMENT: high <= low. */
GAN_API gan_status gan_random_integers(const gan_context *context, uint32_t stream, uint64_t *position,
                                       gan_tensor *tensor, int32_t low, int32_t high);

#ifdef __cplusplus
}
#endif
#endif
