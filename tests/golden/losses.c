/* SPDX-License-Identifier: BSD-2-Clause */
#include "golden.h"

#include <math.h>

/* Files of losses: what goes in, the value, and the gradients. */

#define TOLERANCE 2e-6f

static const float *find(const golden *file, const char *name)
{
    const float *values = golden_find(file, name, NULL, NULL);
    ck_assert_msg(values != NULL, "there is no %s", name);
    return values;
}

static void check_value(const golden *file, const char *name, float value)
{
    float expected = *find(file, name);
    ck_assert_msg(fabsf(value - expected) <= TOLERANCE * fabsf(expected), "%s is %.9g; should be %.9g", name, value,
                  expected);
}

static void check_gradient(const golden *file, const char *name, const gan_tensor *gradient)
{
    check_close(name, gan_tensor_floats(gradient), find(file, name), gan_tensor_count(gradient), TOLERANCE);
}

/* A D that gives what it gets: its logits are those of the file. */
static gan_run *run_of(const golden *file, const char *name, gan_context *context, gan_network *network)
{
    int64_t shape[GAN_MAX_RANK];
    const float *values = golden_find(file, name, NULL, shape);
    ck_assert_msg(values != NULL, "there is no %s", name);
    gan_tensor *logits = new_tensor(context, GAN_SHAPE(shape[0], 1));
    for (int64_t i = 0; i < shape[0]; i++) gan_tensor_floats(logits)[i] = values[i];
    gan_run *run;
    ok(gan_run_create(&run, network, GAN_TRAINING, shape[0]));
    ok(gan_run_forward(run, logits));
    gan_tensor_free(&logits);
    return run;
}

void check_loss_file(const golden *file, gan_context *context, const char *prefix)
{
    (void)prefix;
    const gan_adversarial_loss *loss = gan_adversarial_loss_find(golden_text(file, "loss"));
    ck_assert_msg(loss != NULL, "the loss is not known");
    gan_network *network;
    ok(gan_network_create(&network, context, NULL));
    gan_network_output(network, gan_leaky_relu(gan_input(network, 1), .slope = 1));
    ok(gan_network_build(network));
    gan_run *real = run_of(file, "real", context, network), *fake = run_of(file, "fake", context, network);
    float value, real_target = (float)golden_number(file, "real_target", 1),
                 fake_target = (float)golden_number(file, "fake_target", 0);
    ok(gan_adversarial_loss_discriminator(loss, &value, real, fake, real_target, fake_target));
    check_value(file, "d_loss", value);
    check_gradient(file, "d_real_gradient", gan_run_output_gradient(real, 0));
    check_gradient(file, "d_fake_gradient", gan_run_output_gradient(fake, 0));
    gan_run_free(&fake);
    fake = run_of(file, "fake", context, network);
    ok(gan_adversarial_loss_generator(loss, &value, real, fake));
    check_value(file, "g_loss", value);
    check_gradient(file, "g_fake_gradient", gan_run_output_gradient(fake, 0));
    gan_run_free(&fake);
    gan_run_free(&real);
    gan_network_free(&network);
}

void check_cross_entropy_file(const golden *file, gan_context *context, const char *prefix)
{
    (void)prefix;
    gan_tensor *logits = golden_tensor(file, context, "logits"), *gradient = golden_tensor(file, context, "logits");
    gan_tensor *labels = new_labels(context, gan_tensor_dimension(logits, 0));
    const float *classes = find(file, "labels");
    for (int64_t i = 0; i < gan_tensor_count(labels); i++) numbers(labels)[i] = (int32_t)classes[i];
    for (int64_t i = 0; i < gan_tensor_count(gradient); i++) gan_tensor_floats(gradient)[i] = 0;
    float value;
    ok(gan_loss_cross_entropy(&value, gradient, logits, labels, (float)golden_number(file, "weight", 1)));
    check_value(file, "loss", value);
    check_gradient(file, "gradient", gradient);
    gan_tensor_free(&labels);
    gan_tensor_free(&gradient);
    gan_tensor_free(&logits);
}

void check_feature_matching_file(const golden *file, gan_context *context, const char *prefix)
{
    (void)prefix;
    gan_tensor *fake = golden_tensor(file, context, "fake"), *real = golden_tensor(file, context, "real");
    gan_tensor *gradient = new_tensor(context, gan_tensor_rank(fake), gan_tensor_shape(fake));
    float value;
    ok(gan_loss_feature_matching(&value, gradient, fake, real, (float)golden_number(file, "weight", 1)));
    check_value(file, "loss", value);
    check_gradient(file, "gradient", gradient);
    gan_tensor_free(&gradient);
    gan_tensor_free(&real);
    gan_tensor_free(&fake);
}
