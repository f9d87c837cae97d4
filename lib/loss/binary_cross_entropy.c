/* SPDX-License-Identifier: BSD-2-Clause */
#include "loss/loss.h"

#include <string.h>

static gan_status check_like(const gan_tensor *logits, const gan_tensor *tensor, const char *what)
{
    if (!tensor || (tensor->type == GAN_FLOAT32 && tensor->rank == logits->rank &&
                    memcmp(tensor->shape, logits->shape, (size_t)logits->rank * sizeof *logits->shape) == 0))
        return GAN_OK;
    char given[GAN_TENSOR_TEXT], wanted[GAN_TENSOR_TEXT];
    return gan_fail(GAN_ERROR_SHAPE, "gan_loss_binary_cross_entropy: %s is %s; it must be as the logits, %s", what,
                    gan_tensor_text(given, tensor), gan_tensor_text(wanted, logits));
}

static gan_status check(const gan_tensor *gradient, const gan_tensor *logits, float target, const gan_tensor *targets)
{
    if (!logits) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_loss_binary_cross_entropy: logits are NULL");
    if (!targets && !(target >= 0 && target <= 1))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_loss_binary_cross_entropy: target is %g; it must be 0 to 1",
                        target);
    gan_status status = GAN_OK;
    if (logits->type != GAN_FLOAT32) {
        char given[GAN_TENSOR_TEXT];
        return gan_fail(GAN_ERROR_SHAPE, "gan_loss_binary_cross_entropy: logits are %s; they must be float",
                        gan_tensor_text(given, logits));
    }
    status = check_like(logits, gradient, "gradient");
    return status == GAN_OK ? check_like(logits, targets, "targets") : status;
}

gan_status gan_loss_binary_cross_entropy(float *loss, gan_tensor *gradient, const gan_tensor *logits, float target,
                                         const gan_tensor *targets)
{
    gan_status status = check(gradient, logits, target, targets);
    if (status != GAN_OK) return status;
    float mean = gan_mean_loss(gan_logistic_element, logits->data, gradient ? gradient->data : NULL,
                               gan_tensor_count(logits), target, targets ? targets->data : NULL);
    if (loss) *loss = mean;
    return GAN_OK;
}
