/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_LOSS_H
#define GAN_LOSS_H

#include <gan/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Binary cross-entropy on logits, the mean over all elements:
 *     loss = mean of max(x, 0) - x * t + log(1 + exp(-|x|)),   d loss / dx = (sigmoid(x) - t) / count
 * which is -( t * log sigmoid(x) + (1 - t) * log(1 - sigmoid(x)) ) computed without a saturated probability.
 *
 * target: one for all elements, 0 <= target <= 1 (one-sided label smoothing is 0.9 for real, 0 for generated pictures;
 * Salimans et al. 2016); or targets: a tensor of the logits' shape, used in place of target when not NULL.
 * *loss (may be NULL) is set. gradient (may be NULL; of the logits' shape): the loss's gradient is added to it.
 * GAN_ERROR_INVALID_ARGUMENT: logits are NULL, target out of range. GAN_ERROR_SHAPE: types or shapes differ.
 * Thread-safe on different tensors. */
GAN_API gan_status gan_loss_binary_cross_entropy(float *loss, gan_tensor *gradient, const gan_tensor *logits,
                                                 float target, const gan_tensor *targets);

#ifdef __cplusplus
}
#endif
#endif
