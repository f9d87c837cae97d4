/* SPDX-License-Identifier: BSD-2-Clause */
#include "golden.h"

#include <math.h>
#include <string.h>

/* A file of one optimizer: weights, the gradients of some steps, and the weights after each. The network is y = x w
 * with one output, so that for a gradient of 1 the gradient of w is x. */

/* Per weight: of the way it has gone, and of itself in each step. */
#define TOLERANCE 2e-6
#define ROUNDING  1e-7

struct subject {
    const golden *file;
    gan_network *network;
    gan_run *run;
    gan_optimizer *optimizer;
    gan_tensor *x, *dy;
    int64_t count, steps;
};

/* Zero in the file is zero, and not the default. */
static float setting(const golden *file, const char *name)
{
    float value = (float)golden_number(file, name, 0);
    return value == 0 ? GAN_ZERO : value;
}

static bool flag(const golden *file, const char *name)
{
    return golden_number(file, name, 0) != 0;
}

static gan_status new_sgd(struct subject *s)
{
    return gan_sgd_create(&s->optimizer, s->network,
                          gan_sgd_options(.rate = setting(s->file, "lr"), .momentum = setting(s->file, "momentum"),
                                          .nesterov = flag(s->file, "nesterov")));
}

static gan_status new_rmsprop(struct subject *s)
{
    return gan_rmsprop_create(&s->optimizer, s->network,
                              gan_rmsprop_options(.rate = setting(s->file, "lr"), .alpha = setting(s->file, "alpha"),
                                                  .epsilon = setting(s->file, "eps"),
                                                  .momentum = setting(s->file, "momentum"),
                                                  .centered = flag(s->file, "centered")));
}

static gan_status new_adam(struct subject *s)
{
    return gan_adam_create(&s->optimizer, s->network,
                           gan_adam_options(.rate = setting(s->file, "lr"), .beta1 = setting(s->file, "beta1"),
                                            .beta2 = setting(s->file, "beta2"), .epsilon = setting(s->file, "eps"),
                                            .amsgrad = flag(s->file, "amsgrad")));
}

static gan_status new_adamw(struct subject *s)
{
    return gan_adamw_create(&s->optimizer, s->network,
                            gan_adamw_options(.rate = setting(s->file, "lr"), .beta1 = setting(s->file, "beta1"),
                                              .beta2 = setting(s->file, "beta2"), .epsilon = setting(s->file, "eps"),
                                              .weight_decay = setting(s->file, "weight_decay"),
                                              .amsgrad = flag(s->file, "amsgrad")));
}

static const struct {
    const char *prefix;
    gan_status (*create)(struct subject *s);
} creators[] = {{"optimizer_sgd", new_sgd},
                {"optimizer_rmsprop", new_rmsprop},
                {"optimizer_adamw", new_adamw},
                {"optimizer_adam", new_adam}};

static gan_status create(struct subject *s, const char *prefix)
{
    for (size_t i = 0; i < sizeof creators / sizeof creators[0]; i++)
        if (strcmp(prefix, creators[i].prefix) == 0) return creators[i].create(s);
    ck_abort_msg("%s is not known", prefix);
    return GAN_ERROR_UNSUPPORTED;
}

static struct subject new_subject(const golden *file, gan_context *context, const char *prefix)
{
    struct subject s = {.file = file};
    int64_t shape[GAN_MAX_RANK];
    ck_assert_msg(golden_find(file, "gradient", NULL, shape) != NULL, "there is no gradient");
    s.steps = shape[0];
    s.count = shape[1];
    ok(gan_network_create(&s.network, context, NULL));
    gan_node *input = gan_input_layer(s.network, 1, &s.count, NULL);
    gan_network_output(s.network, gan_linear(input, .units = 1, .no_bias = true));
    ok(gan_network_build(s.network));
    memcpy(gan_tensor_floats(gan_network_parameter(s.network, 0)), golden_find(file, "w0", NULL, NULL),
           (size_t)s.count * sizeof(float));
    ok(gan_run_create(&s.run, s.network, GAN_TRAINING, 1));
    s.x = new_tensor(context, GAN_SHAPE(1, s.count));
    s.dy = new_tensor(context, GAN_SHAPE(1, 1));
    gan_tensor_floats(s.dy)[0] = 1;
    ok(create(&s, prefix));
    return s;
}

static void free_subject(struct subject *s)
{
    gan_optimizer_free(&s->optimizer);
    gan_tensor_free(&s->dy);
    gan_tensor_free(&s->x);
    gan_run_free(&s->run);
    gan_network_free(&s->network);
}

static void step(struct subject *s, int64_t number)
{
    const float *gradients = golden_find(s->file, "gradient", NULL, NULL);
    memcpy(gan_tensor_floats(s->x), gradients + number * s->count, (size_t)s->count * sizeof(float));
    ok(gan_network_zero_gradients(s->network));
    ok(gan_run_forward(s->run, s->x));
    ok(gan_run_backward(s->run, s->dy, GAN_WANT_PARAMETERS));
    ok(gan_optimizer_step(s->optimizer));
}

/* expected: the weights after each step so far, before them those at the beginning. */
static void check_weight(const struct subject *s, int64_t i, int64_t number)
{
    const float *w = golden_find(s->file, "w", NULL, NULL), *before = golden_find(s->file, "w0", NULL, NULL);
    double way = 0, most = 0;
    for (int64_t t = 0; t <= number; t++) {
        way += fabs((double)w[t * s->count + i] - before[i]);
        before = w + t * s->count;
        most = fmax(most, fabs(before[i]));
    }
    double found = gan_tensor_floats(gan_network_parameter(s->network, 0))[i], expected = before[i];
    double allowed = TOLERANCE * way + ROUNDING * most * (double)(number + 1);
    ck_assert_msg(fabs(found - expected) <= allowed, "weight %d after step %d is %.9g; should be %.9g +- %.3g", (int)i,
                  (int)number, found, expected, allowed);
}

void check_optimizer_file(const golden *file, gan_context *context, const char *prefix)
{
    struct subject s = new_subject(file, context, prefix);
    for (int64_t number = 0; number < s.steps; number++) {
        step(&s, number);
        for (int64_t i = 0; i < s.count; i++) check_weight(&s, i, number);
    }
    free_subject(&s);
}
