/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_LOSS_LOSS_H
#define GAN_LOSS_LOSS_H

#include "tensor/tensor.h"

#include <gan/loss.h>

/* An adversarial loss is a constant table, gan_adversarial_loss, in a file of its own, mostly made of these parts. */

/* The loss of one logit against a target, and its slope: exact in double, whatever the logit. */
typedef double (*gan_element_loss)(double x, double target, double *slope);

double gan_logistic_element(double x, double target, double *slope); /* softplus(x) - x * target */
double gan_hinge_element(double x, double target, double *slope);    /* target 1: max(0, 1 - x); 0: max(0, 1 + x) */
double gan_linear_element(double x, double target, double *slope);   /* target 1: -x; 0: x */

/* The mean over all elements, whose gradient is added (NULL: not wanted). targets: NULL, or one for each element in
 * place of target. Sums are in the order of the elements. */
float gan_mean_loss(gan_element_loss element, const float *x, float *gradient, int64_t count, float target,
                    const float *targets);

/* D's side of a loss in two halves: the mean over real pictures and the mean over generated ones. */
float gan_halves_loss(gan_element_loss element, const gan_logits *logits);

/* All losses of the library, by the functions that give them; ended by NULL. */
extern const gan_adversarial_loss *(*const gan_adversarial_losses[])(void);

/* The caller's loss, checked, into *loss; NULL stands for the default. `what` begins the sentence. */
gan_status gan_adversarial_loss_read(gan_adversarial_loss *loss, const gan_adversarial_loss *given, const char *what);

/* GAN_ERROR_INVALID_ARGUMENT, with place and number, for a label outside 0..classes-1. labels: GAN_INT32. */
gan_status gan_labels_check(const gan_tensor *labels, int64_t classes, const char *call);

#endif
