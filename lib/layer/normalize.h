/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_LAYER_NORMALIZE_H
#define GAN_LAYER_NORMALIZE_H

/* What normalizations have in common: xhat = (x - mean) * inverse over a set of `count` numbers, with their mean and
 * inverse = 1 / sqrt(variance + epsilon). Below <> is the mean over the set, and P(g) = inverse * (g - <g> - xhat * <g
 * xhat>): the derivative of xhat, which is symmetric, so that it makes the gradient of x from that of xhat, and the
 * direction of xhat from that of x. */
typedef struct gan_norm_set {
    double mean, inverse, count;
} gan_norm_set;

/* A part of a gradient: `by_x` * x + `by_1`. */
typedef struct gan_norm_line {
    double by_x, by_1;
} gan_norm_line;

/* P(g) - inverse * g, from the sums over the set of g and of g * xhat. */
static inline gan_norm_line gan_norm_derivative(const gan_norm_set *set, double sum, double product)
{
    double by_x = -set->inverse * set->inverse * product / set->count;
    return (gan_norm_line){by_x, -set->inverse * sum / set->count - by_x * set->mean};
}

/* The derivative by x of the sum over the set of w * P(t), w and t being fixed: it is, with A = <w t> - <w> <t>,
 *     by_w * w + by_t * t + by_x * x + by_1
 *     = -inverse^2 * (<t xhat> * (w - <w>) + <w xhat> * (t - <t>) + (A - 3 <w xhat> <t xhat>) * xhat). */
typedef struct gan_norm_curve {
    double by_w, by_t;
    gan_norm_line line;
} gan_norm_curve;

/* Sums over the set of w, w * xhat, t, t * xhat, and w * (t - <t>). */
typedef struct gan_norm_sums {
    double w, w_x, t, t_x, w_t;
} gan_norm_sums;

static inline gan_norm_curve gan_norm_second_derivative(const gan_norm_set *set, const gan_norm_sums *sums)
{
    double n = set->count, scale = -set->inverse * set->inverse;
    double by_w = scale * sums->t_x / n, by_t = scale * sums->w_x / n;
    double by_x = scale * set->inverse * (sums->w_t / n - 3 * (sums->w_x / n) * (sums->t_x / n));
    return (gan_norm_curve){by_w, by_t, {by_x, -by_w * (sums->w / n) - by_t * (sums->t / n) - by_x * set->mean}};
}

#endif
