/* SPDX-License-Identifier: BSD-2-Clause */
#include "loss/loss.h"

static gan_status discriminator(void *user, const gan_logits *logits, float *loss)
{
    (void)user;
    *loss = gan_halves_loss(gan_logistic_element, logits);
    return GAN_OK;
}

/* -log sigmoid(f): strong where D is sure that a picture is generated. */
static gan_status non_saturating(void *user, const gan_logits *logits, float *loss)
{
    (void)user;
    *loss = gan_mean_loss(gan_logistic_element, logits->fake, logits->fake_gradient, logits->count, 1, NULL);
    return GAN_OK;
}

/* log(1 - sigmoid(f)), what D's loss of generated pictures is with the other sign. */
static double minimax_element(double x, double target, double *slope)
{
    double loss = gan_logistic_element(x, target, slope);
    *slope = -*slope;
    return -loss;
}

static gan_status saturating(void *user, const gan_logits *logits, float *loss)
{
    (void)user;
    *loss = gan_mean_loss(minimax_element, logits->fake, logits->fake_gradient, logits->count, 0, NULL);
    return GAN_OK;
}

const gan_adversarial_loss *gan_loss_non_saturating(void)
{
    static const gan_adversarial_loss table = {
        sizeof table,  "non_saturating", GAN_LOSS_TAKES_TARGETS | GAN_LOSS_TAKES_LOGITS,
        discriminator, non_saturating,   NULL};
    return &table;
}

const gan_adversarial_loss *gan_loss_saturating(void)
{
    static const gan_adversarial_loss table = {
        sizeof table, "saturating", GAN_LOSS_TAKES_TARGETS | GAN_LOSS_TAKES_LOGITS, discriminator, saturating, NULL};
    return &table;
}
