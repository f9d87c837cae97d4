/* SPDX-License-Identifier: BSD-2-Clause */
#include "loss/loss.h"

/* Mean softplus(-(upper[i] - lower[i])). */
static float pairs(const float *upper, const float *lower, float *upper_gradient, float *lower_gradient, int64_t count)
{
    double sum = 0, slope;
    for (int64_t i = 0; i < count; i++) {
        sum += gan_logistic_element((double)upper[i] - lower[i], 1, &slope);
        float gradient = (float)(slope / (double)count);
        if (upper_gradient) upper_gradient[i] += gradient;
        if (lower_gradient) lower_gradient[i] -= gradient;
    }
    return (float)(sum / (double)count);
}

static gan_status discriminator(void *user, const gan_logits *l, float *loss)
{
    (void)user;
    *loss = pairs(l->real, l->fake, l->real_gradient, l->fake_gradient, l->count);
    return GAN_OK;
}

static gan_status generator(void *user, const gan_logits *l, float *loss)
{
    (void)user;
    *loss = pairs(l->fake, l->real, l->fake_gradient, l->real_gradient, l->count);
    return GAN_OK;
}

const gan_adversarial_loss *gan_loss_relativistic_pairing(void)
{
    static const gan_adversarial_loss table = {
        sizeof table, "relativistic_pairing", GAN_LOSS_READS_REAL | GAN_LOSS_TAKES_LOGITS, discriminator, generator,
        NULL};
    return &table;
}
