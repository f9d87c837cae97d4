/* SPDX-License-Identifier: BSD-2-Clause */
#include "loss/loss.h"

#include <math.h>

/* softplus(x) = max(x, 0) + log(1 + e), e = exp(-|x|), and its slope sigmoid(x) = 1 / (1 + e) for x >= 0, e / (1 + e)
 * below: no exponential grows large. */
double gan_logistic_element(double x, double target, double *slope)
{
    double e = exp(-fabs(x));
    *slope = (x >= 0 ? 1 : e) / (1 + e) - target;
    double outer = x > 0 ? 1 - target : -target; /* max(x, 0) - x * target, which is 0 where x is infinite and right */
    return (outer != 0 ? outer * x : 0) + log1p(e);
}

double gan_hinge_element(double x, double target, double *slope)
{
    double sign = 1 - 2 * target, margin = 1 + sign * x;
    *slope = margin > 0 ? sign : 0;
    return margin > 0 ? margin : isnan(margin) ? margin : 0;
}

double gan_linear_element(double x, double target, double *slope)
{
    *slope = 1 - 2 * target;
    return *slope * x;
}

float gan_mean_loss(gan_element_loss element, const float *x, float *gradient, int64_t count, float target,
                    const float *targets)
{
    double sum = 0, slope;
    for (int64_t i = 0; i < count; i++) {
        sum += element(x[i], targets ? targets[i] : target, &slope);
        if (gradient) gradient[i] += (float)(slope / (double)count);
    }
    return (float)(sum / (double)count);
}

float gan_halves_loss(gan_element_loss element, const gan_logits *logits)
{
    float real = gan_mean_loss(element, logits->real, logits->real_gradient, logits->count, logits->real_target, NULL);
    return real + gan_mean_loss(element, logits->fake, logits->fake_gradient, logits->count, logits->fake_target, NULL);
}
