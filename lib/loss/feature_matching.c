/* SPDX-License-Identifier: BSD-2-Clause */
#include "loss/loss.h"

#include <math.h>

/* Features at a time: their sums stay in registers or close by, and a batch is read in pieces of whole cache lines. */
#define BLOCK 16

static gan_status check(const gan_tensor *gradient, const gan_tensor *fake, const gan_tensor *real, float weight)
{
    static const char call[] = "gan_loss_feature_matching";
    char given[GAN_TENSOR_TEXT], wanted[GAN_TENSOR_TEXT];
    if (!fake || !real) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s is NULL", call, fake ? "real" : "fake");
    if (!isfinite(weight))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: weight is %g; it must be finite", call, weight);
    if (fake->type != GAN_FLOAT32)
        return gan_fail(GAN_ERROR_SHAPE, "%s: fake is %s; it must be float", call, gan_tensor_text(given, fake));
    if (!gan_tensor_fits(real, fake->rank - 1, fake->shape + 1))
        return gan_fail(GAN_ERROR_SHAPE, "%s: real is %s; it must have the features of fake, %s", call,
                        gan_tensor_text(given, real), gan_tensor_text(wanted, fake));
    if (gradient &&
        (!gan_tensor_fits(gradient, fake->rank - 1, fake->shape + 1) || gradient->shape[0] != fake->shape[0]))
        return gan_fail(GAN_ERROR_SHAPE, "%s: gradient is %s; it must be as fake, %s", call,
                        gan_tensor_text(given, gradient), gan_tensor_text(wanted, fake));
    return GAN_OK;
}

/* Means of `width` features from `first` on, added to or taken from difference. */
static void add_means(double *difference, const gan_tensor *tensor, int64_t first, int width, double sign)
{
    int64_t batch = tensor->shape[0], features = gan_tensor_count(tensor) / batch;
    double sum[BLOCK] = {0};
    const float *x = gan_tensor_floats(tensor) + first;
    for (int64_t i = 0; i < batch; i++, x += features)
        for (int k = 0; k < width; k++) sum[k] += x[k];
    for (int k = 0; k < width; k++) difference[k] += sign * (sum[k] / (double)batch);
}

gan_status gan_loss_feature_matching(float *loss, gan_tensor *gradient, const gan_tensor *fake, const gan_tensor *real,
                                     float weight)
{
    gan_status status = check(gradient, fake, real, weight);
    if (status != GAN_OK) return status;
    int64_t batch = fake->shape[0], features = gan_tensor_count(fake) / batch;
    double squares = 0;
    for (int64_t first = 0; first < features; first += BLOCK) {
        int width = features - first < BLOCK ? (int)(features - first) : BLOCK;
        double difference[BLOCK] = {0};
        add_means(difference, fake, first, width, 1);
        add_means(difference, real, first, width, -1);
        for (int k = 0; k < width; k++) squares += difference[k] * difference[k];
        for (int64_t i = 0; gradient && i < batch; i++)
            for (int k = 0; k < width; k++)
                gan_tensor_floats(gradient)[i * features + first + k] +=
                    (float)(weight * 2 * difference[k] / (double)batch);
    }
    if (loss) *loss = (float)(weight * squares);
    return GAN_OK;
}
