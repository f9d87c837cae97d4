/* SPDX-License-Identifier: BSD-2-Clause */
#include "loss/loss.h"

/* Hinge and Wasserstein: a critic's score, with a margin and without. */

static gan_status hinge(void *user, const gan_logits *logits, float *loss)
{
    (void)user;
    *loss = gan_halves_loss(gan_hinge_element, logits);
    return GAN_OK;
}

static gan_status wasserstein(void *user, const gan_logits *logits, float *loss)
{
    (void)user;
    *loss = gan_halves_loss(gan_linear_element, logits);
    return GAN_OK;
}

static gan_status generator(void *user, const gan_logits *logits, float *loss)
{
    (void)user;
    *loss = gan_mean_loss(gan_linear_element, logits->fake, logits->fake_gradient, logits->count, 1, NULL);
    return GAN_OK;
}

const gan_adversarial_loss *gan_loss_hinge(void)
{
    static const gan_adversarial_loss table = {sizeof table, "hinge", GAN_LOSS_TAKES_LOGITS, hinge, generator, NULL};
    return &table;
}

const gan_adversarial_loss *gan_loss_wasserstein(void)
{
    static const gan_adversarial_loss table = {sizeof table, "wasserstein", GAN_LOSS_TAKES_LOGITS,
                                               wasserstein,  generator,     NULL};
    return &table;
}
