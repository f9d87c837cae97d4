/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_EMA_H
#define GAN_EMA_H

#include <gan/network.h>
#include <gan/schedule.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An exponential moving average of a network's parameters (Yaz et al. 2019; Karras et al. 2018, 2020): what is sampled
 * from is not G as it is but its average over the last steps, which is calmer and mostly better. Update it after each G
 * step. It keeps the network alive. Thread-safety: one thread at a time uses an average and its network. */
typedef struct gan_ema gan_ema;

/* Before each update half_life is brought to at most ramp_up * images seen so far, so that the first steps, which are
 * of no use, are forgotten sooner. A decay of a step, as other programs have it, is a half-life of
 * batch * log(0.5) / log(decay) images. */
typedef struct gan_ema_options {
    size_t size;
    float half_life; /* images, 0.., default 10000; GAN_ZERO for 0: a copy */
    float ramp_up;   /* 0.., default 0: none; StyleGAN2 has 0.05 */
    int64_t start;   /* images before which the average is a copy, 0.., default 0 */
} gan_ema_options;
#ifndef __cplusplus
#define gan_ema_options(...) (&(gan_ema_options){.size = sizeof(gan_ema_options), __VA_ARGS__})
#endif

/* Makes an average of a built network that begins as a copy of it. options: NULL for the defaults. The caller owns the
 * result and frees it with gan_ema_free(). GAN_ERROR_INVALID_ARGUMENT. GAN_ERROR_STATE: the network is not built.
 * GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_ema_create(gan_ema **ema, gan_network *network, const gan_ema_options *options);

/* Gives up the caller's reference (a session keeps its own) and sets *ema to NULL. With the last one the average goes;
 * the averaged network stays as long as something else (a run) keeps it. NULL
 * and a pointer to NULL are fine. */
GAN_API void gan_ema_free(gan_ema **ema);

/* From now on, the half-life is what the schedule makes of that of the options; its steps are images seen so far. The
 * schedule is copied; NULL takes it away. start and end are at least 0.
 * GAN_ERROR_INVALID_ARGUMENT: a NULL ema, what gan_schedule_check() refuses, a number out of range. */
GAN_API gan_status gan_ema_set_schedule(gan_ema *ema, const gan_schedule *half_life);

/* Moves the average towards the network as it is now, after a step on `batch` images, 1..:
 *     average = network + decay * (average - network),   decay = 0.5^(batch / half_life).
 * So do the buffers that are themselves averages over training passes, batch norm's running mean and variance: to first
 * order they are those of the averaged weights, where a copy would be of the weights of the last steps. Other buffers
 * are copied. gan_network_standing_statistics() on gan_ema_network() measures them anew.
 * GAN_ERROR_INVALID_ARGUMENT: NULL, or a batch below 1. Takes no memory. */
GAN_API gan_status gan_ema_update(gan_ema *ema, int64_t batch);

/* The network of averaged parameters and buffers, with the same graph and names, for inference runs. Borrowed; it is
 * the same one as long as the average lives. NULL for NULL. */
GAN_API gan_network *gan_ema_network(const gan_ema *ema);

/* Images seen so far: the sum of the batches of all updates. 0 for NULL. */
GAN_API uint64_t gan_ema_images(const gan_ema *ema);

#ifdef __cplusplus
}
#endif
#endif
