/* SPDX-License-Identifier: BSD-2-Clause */
#include "loss/loss.h"

#include <string.h>

const gan_adversarial_loss *(*const gan_adversarial_losses[])(void) = {
    gan_loss_non_saturating,
    gan_loss_saturating,
    gan_loss_least_squares,
    gan_loss_hinge,
    gan_loss_wasserstein,
    gan_loss_relativistic_average,
    gan_loss_relativistic_average_least_squares,
    gan_loss_relativistic_average_hinge,
    gan_loss_relativistic_pairing,
    NULL,
};

const gan_adversarial_loss *gan_adversarial_loss_find(const char *name)
{
    for (int i = 0; name && gan_adversarial_losses[i]; i++)
        if (strcmp(gan_adversarial_losses[i]()->name, name) == 0) return gan_adversarial_losses[i]();
    return NULL;
}
