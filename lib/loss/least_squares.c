/* SPDX-License-Identifier: BSD-2-Clause */
#include "loss/loss.h"

static double element(double x, double target, double *slope)
{
    *slope = x - target;
    return 0.5 * *slope * *slope;
}

static gan_status discriminator(void *user, const gan_logits *logits, float *loss)
{
    (void)user;
    *loss = gan_halves_loss(element, logits);
    return GAN_OK;
}

static gan_status generator(void *user, const gan_logits *logits, float *loss)
{
    (void)user;
    *loss = gan_mean_loss(element, logits->fake, logits->fake_gradient, logits->count, 1, NULL);
    return GAN_OK;
}

const gan_adversarial_loss *gan_loss_least_squares(void)
{
    static const gan_adversarial_loss table = {sizeof table,  "least_squares", GAN_LOSS_TAKES_TARGETS,
                                               discriminator, generator,       NULL};
    return &table;
}
