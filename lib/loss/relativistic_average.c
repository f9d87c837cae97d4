/* SPDX-License-Identifier: BSD-2-Clause */
#include "loss/loss.h"

/* (x - 1)^2 for target 1, (x + 1)^2 for 0. */
static double squared_element(double x, double target, double *slope)
{
    double difference = x - (2 * target - 1);
    *slope = 2 * difference;
    return difference * difference;
}

/* Each logit of one batch relative to the mean of the other: x[i] - centre. */
typedef struct half {
    const float *x;
    float *gradient;
    double centre, target;
    double mean_loss, mean_slope;
} half;

static double mean(const float *x, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += x[i];
    return sum / (double)count;
}

static void measure(half *h, gan_element_loss element, int64_t count)
{
    double loss = 0, slopes = 0, slope;
    for (int64_t i = 0; i < count; i++) {
        loss += element(h->x[i] - h->centre, h->target, &slope);
        slopes += slope;
    }
    h->mean_loss = loss / (double)count;
    h->mean_slope = slopes / (double)count;
}

/* d/dx[i] = (slope of its own element - mean slope of the other half, whose centre it moves) / count */
static void add_gradient(const half *h, const half *other, gan_element_loss element, int64_t count)
{
    double slope;
    for (int64_t i = 0; h->gradient && i < count; i++) {
        element(h->x[i] - h->centre, h->target, &slope);
        h->gradient[i] += (float)((slope - other->mean_slope) / (double)count);
    }
}

/* Batch a shall be above batch b: real above generated for D, the other way round for G. */
static float relative(gan_element_loss element, half a, half b, int64_t count)
{
    a.target = 1;
    b.target = 0;
    a.centre = mean(b.x, count);
    b.centre = mean(a.x, count);
    measure(&a, element, count);
    measure(&b, element, count);
    add_gradient(&a, &b, element, count);
    add_gradient(&b, &a, element, count);
    return (float)(a.mean_loss + b.mean_loss);
}

static gan_status discriminator(gan_element_loss element, const gan_logits *l, float *loss)
{
    half real = {.x = l->real, .gradient = l->real_gradient}, fake = {.x = l->fake, .gradient = l->fake_gradient};
    *loss = relative(element, real, fake, l->count);
    return GAN_OK;
}

static gan_status generator(gan_element_loss element, const gan_logits *l, float *loss)
{
    half real = {.x = l->real, .gradient = l->real_gradient}, fake = {.x = l->fake, .gradient = l->fake_gradient};
    *loss = relative(element, fake, real, l->count);
    return GAN_OK;
}

/* The three losses differ by the element alone. */
#define GAN_RELATIVISTIC_AVERAGE(name, element, flags)                                                         \
    static gan_status name##_discriminator(void *user, const gan_logits *logits, float *loss)                  \
    {                                                                                                          \
        (void)user;                                                                                            \
        return discriminator(element, logits, loss);                                                           \
    }                                                                                                          \
    static gan_status name##_generator(void *user, const gan_logits *logits, float *loss)                      \
    {                                                                                                          \
        (void)user;                                                                                            \
        return generator(element, logits, loss);                                                               \
    }                                                                                                          \
    const gan_adversarial_loss *gan_loss_##name(void)                                                          \
    {                                                                                                          \
        static const gan_adversarial_loss table = {                                                            \
            sizeof table, #name, GAN_LOSS_READS_REAL | (flags), name##_discriminator, name##_generator, NULL}; \
        return &table;                                                                                         \
    }

GAN_RELATIVISTIC_AVERAGE(relativistic_average, gan_logistic_element, GAN_LOSS_TAKES_LOGITS)
GAN_RELATIVISTIC_AVERAGE(relativistic_average_least_squares, squared_element, 0)
GAN_RELATIVISTIC_AVERAGE(relativistic_average_hinge, gan_hinge_element, GAN_LOSS_TAKES_LOGITS)
