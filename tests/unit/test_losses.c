/* SPDX-License-Identifier: BSD-2-Clause */
#include "loss/loss.h"
#include "support.h"

#include <math.h>
#include <string.h>

/* Every adversarial loss of the registry, and the losses on tensors. Values are proved by the golden files. */

#define COUNT 5

static gan_context *context;
static gan_network *same; /* a D whose logits are its input */
static gan_run *real, *fake;
static gan_tensor *real_logits, *fake_logits;

/* No loss has a kink within a step of finite differences here. */
static const float real_numbers[COUNT] = {0.3f, -1.7f, 2.4f, 0.95f, -0.2f};
static const float fake_numbers[COUNT] = {-0.4f, 1.1f, -2.6f, 0.2f, -0.7f};

static gan_tensor *logits_of(const float *numbers, int count)
{
    gan_tensor *tensor = new_tensor(context, GAN_SHAPE(count, 1));
    memcpy(gan_tensor_floats(tensor), numbers, (size_t)count * sizeof *numbers);
    return tensor;
}

static gan_network *network_of(gan_node *(*layer)(const gan_activation_options *), int64_t width)
{
    gan_network *network;
    ok(gan_network_create(&network, context, NULL));
    gan_activation_options options = {.size = sizeof options, .input = gan_input(network, width)};
    ok(gan_network_output(network, layer(&options)));
    ok(gan_network_build(network));
    return network;
}

static void forward(void)
{
    ok(gan_run_forward(real, real_logits));
    ok(gan_run_forward(fake, fake_logits));
}

static void setup(void)
{
    context = new_context(1, GAN_KERNELS_AUTO);
    ok(gan_network_create(&same, context, NULL));
    ok(gan_network_output(same, gan_leaky_relu(gan_input(same, 1), .slope = 1)));
    ok(gan_network_build(same));
    ok(gan_run_create(&real, same, GAN_TRAINING, COUNT));
    ok(gan_run_create(&fake, same, GAN_TRAINING, COUNT));
    real_logits = logits_of(real_numbers, COUNT);
    fake_logits = logits_of(fake_numbers, COUNT);
    forward();
}

static void teardown(void)
{
    gan_tensor_free(&fake_logits);
    gan_tensor_free(&real_logits);
    gan_run_free(&fake);
    gan_run_free(&real);
    gan_network_free(&same);
    gan_context_free(&context);
}

static int loss_count(void)
{
    int count = 0;
    while (gan_adversarial_losses[count]) count++;
    return count;
}

/* One side of a loss at the present logits. Its gradients are in the runs. */
static float value_of(const gan_adversarial_loss *loss, bool generator)
{
    float value;
    forward();
    float target = loss->flags & GAN_LOSS_TAKES_TARGETS ? 0.125f : 0;
    if (generator)
        ok(gan_adversarial_loss_generator(loss, &value, real, fake));
    else
        ok(gan_adversarial_loss_discriminator(loss, &value, real, fake, 1 - target, target));
    return value;
}

static void check_differences(const gan_adversarial_loss *loss, bool generator, gan_run *run, gan_tensor *logits)
{
    const float step = 0x1p-7f;
    float gradient[COUNT], *x = gan_tensor_floats(logits);
    value_of(loss, generator);
    memcpy(gradient, gan_tensor_floats(gan_run_output_gradient(run, 0)), sizeof gradient);
    for (int i = 0; i < COUNT; i++) {
        float old = x[i];
        x[i] = old + step;
        float above = value_of(loss, generator);
        x[i] = old - step;
        float below = value_of(loss, generator);
        x[i] = old;
        float difference = (above - below) / (2 * step);
        ck_assert_msg(fabsf(difference - gradient[i]) < 1e-4f,
                      "%s, %s: the gradient of logit %d is %g, by differences %g", loss->name, generator ? "G" : "D", i,
                      gradient[i], difference);
    }
}

START_TEST(gradients_agree_with_differences)
{
    const gan_adversarial_loss *loss = gan_adversarial_losses[_i]();
    check_differences(loss, false, real, real_logits);
    check_differences(loss, false, fake, fake_logits);
    check_differences(loss, true, fake, fake_logits);
}
END_TEST

/* G's side leaves the gradients of real pictures alone, and both sides add. */
START_TEST(gradients_are_added)
{
    const gan_adversarial_loss *loss = gan_adversarial_losses[_i]();
    const float *of_real = gan_tensor_floats(gan_run_output_gradient(real, 0)),
                *of_fake = gan_tensor_floats(gan_run_output_gradient(fake, 0));
    float once[2][COUNT], value;
    value_of(loss, false);
    memcpy(once[0], of_real, sizeof once[0]);
    memcpy(once[1], of_fake, sizeof once[1]);
    float target = loss->flags & GAN_LOSS_TAKES_TARGETS ? 0.125f : 0;
    ok(gan_adversarial_loss_discriminator(loss, &value, real, fake, 1 - target, target));
    for (int i = 0; i < COUNT; i++) ck_assert(of_real[i] == 2 * once[0][i] && of_fake[i] == 2 * once[1][i]);
    value_of(loss, true);
    memcpy(once[1], of_fake, sizeof once[1]);
    ok(gan_adversarial_loss_generator(loss, &value, real, fake));
    for (int i = 0; i < COUNT; i++) ck_assert(of_real[i] == 0 && of_fake[i] == 2 * once[1][i]);
}
END_TEST

/* A logit that is not a number is not lost on the way. */
START_TEST(not_a_number)
{
    const gan_adversarial_loss *loss = gan_adversarial_losses[_i]();
    gan_tensor_floats(fake_logits)[2] = NAN;
    ck_assert_msg(isnan(value_of(loss, false)) && isnan(value_of(loss, true)), "%s loses a NaN", loss->name);
}
END_TEST

START_TEST(found_by_name)
{
    const gan_adversarial_loss *loss = gan_adversarial_losses[_i]();
    ck_assert_ptr_eq(gan_adversarial_loss_find(loss->name), loss);
    ck_assert_int_eq(loss->size, sizeof *loss);
    for (int k = 0; k < _i; k++) ck_assert_str_ne(gan_adversarial_losses[k]()->name, loss->name);
    ck_assert_ptr_null(gan_adversarial_loss_find("hing"));
    ck_assert_ptr_null(gan_adversarial_loss_find(NULL));
}
END_TEST

/* A loss that does not read real pictures does without their run. */
START_TEST(reads_real)
{
    const gan_adversarial_loss *loss = gan_adversarial_losses[_i]();
    float with = value_of(loss, true), value;
    forward();
    if (loss->flags & GAN_LOSS_READS_REAL) {
        fails(GAN_ERROR_INVALID_ARGUMENT, "real is NULL", gan_adversarial_loss_generator(loss, &value, NULL, fake));
        return;
    }
    ok(gan_adversarial_loss_generator(loss, &value, NULL, fake));
    ck_assert(value == with);
}
END_TEST

START_TEST(targets)
{
    const gan_adversarial_loss *loss = gan_adversarial_losses[_i]();
    bool takes = loss->flags & GAN_LOSS_TAKES_TARGETS;
    float v, plain, smooth;
    ok(gan_adversarial_loss_discriminator(loss, &plain, real, fake, 1, 0));
    fails(GAN_ERROR_INVALID_ARGUMENT, "real_target is 1.5; it must be 0 to 1",
          gan_adversarial_loss_discriminator(loss, &v, real, fake, 1.5f, 0));
    fails(GAN_ERROR_INVALID_ARGUMENT, "fake_target is nan; it must be 0 to 1",
          gan_adversarial_loss_discriminator(loss, &v, real, fake, 1, NAN));
    if (takes) {
        ok(gan_adversarial_loss_discriminator(loss, &smooth, real, fake, 0.875f, 0));
        ck_assert(smooth != plain);
        ok(gan_adversarial_loss_discriminator(loss, &smooth, real, fake, 1, 0.125f));
        ck_assert(smooth != plain);
    } else {
        fails(GAN_ERROR_INVALID_ARGUMENT, "real_target is 0.9; the loss",
              gan_adversarial_loss_discriminator(loss, &v, real, fake, 0.9f, 0));
        fails(GAN_ERROR_INVALID_ARGUMENT, "has no target but 0",
              gan_adversarial_loss_discriminator(loss, &v, real, fake, 1, 0.125f));
    }
}
END_TEST

/* The caller's own loss gets what the header says, and its error ends the call. */
static gan_status look(void *user, const gan_logits *l, float *loss)
{
    gan_logits *seen = user;
    *seen = *l;
    *loss = 3;
    if (l->real_gradient) l->real_gradient[0] += 1;
    l->fake_gradient[1] -= 1;
    return l->fake[0] > 100 ? GAN_ERROR_UNSUPPORTED : GAN_OK;
}

START_TEST(a_loss_of_the_callers)
{
    gan_logits seen;
    gan_adversarial_loss mine = {sizeof mine, .discriminator = look, .generator = look, .user = &seen};
    float value = 0;
    mine.flags = GAN_LOSS_TAKES_TARGETS;
    ok(gan_adversarial_loss_discriminator(&mine, &value, real, fake, 0.75f, 0.25f));
    ck_assert(value == 3 && seen.size == sizeof seen && seen.count == COUNT);
    ck_assert(seen.real[1] == real_numbers[1] && seen.fake[4] == fake_numbers[4]);
    ck_assert(seen.real_target == 0.75f && seen.fake_target == 0.25f);
    ck_assert_float_eq(gan_tensor_floats(gan_run_output_gradient(real, 0))[0], 1);
    ck_assert_float_eq(gan_tensor_floats(gan_run_output_gradient(fake, 0))[1], -1);
    ok(gan_adversarial_loss_generator(&mine, &value, real, fake));
    ck_assert(!seen.real && !seen.real_gradient && seen.fake && seen.fake_gradient);
    mine.flags = GAN_LOSS_READS_REAL;
    ok(gan_adversarial_loss_generator(&mine, &value, real, fake));
    ck_assert(seen.real && !seen.real_gradient);
    gan_tensor_floats(fake_logits)[0] = 101;
    forward();
    fails(GAN_ERROR_UNSUPPORTED, "the loss \"custom\" returned -5, GAN_ERROR_UNSUPPORTED",
          gan_adversarial_loss_generator(&mine, &value, real, fake));
}
END_TEST

START_TEST(adversarial_misuse)
{
    const gan_adversarial_loss *hinge = gan_loss_hinge();
    gan_adversarial_loss bad = *hinge;
    gan_run *fresh, *inference, *pairs;
    gan_network *two = network_of(gan_tanh_layer, 2);
    gan_tensor *two_numbers = new_tensor(context, GAN_SHAPE(COUNT, 2));
    float v;
    ok(gan_run_create(&fresh, same, GAN_TRAINING, 1));
    ok(gan_run_create(&inference, same, GAN_INFERENCE, COUNT));
    ok(gan_run_create(&pairs, two, GAN_TRAINING, COUNT));
    ok(gan_run_forward(inference, real_logits));
    ok(gan_run_forward(pairs, two_numbers));
    fails(GAN_ERROR_INVALID_ARGUMENT, "loss is NULL", gan_adversarial_loss_discriminator(NULL, &v, real, fake, 1, 0));
    fails(GAN_ERROR_INVALID_ARGUMENT, "value is NULL", gan_adversarial_loss_generator(hinge, NULL, real, fake));
    fails(GAN_ERROR_INVALID_ARGUMENT, "real is NULL", gan_adversarial_loss_discriminator(hinge, &v, NULL, fake, 1, 0));
    fails(GAN_ERROR_INVALID_ARGUMENT, "fake is NULL", gan_adversarial_loss_generator(hinge, &v, real, NULL));
    fails(GAN_ERROR_STATE, "real is a run without a forward pass",
          gan_adversarial_loss_discriminator(hinge, &v, fresh, fake, 1, 0));
    fails(GAN_ERROR_STATE, "fake is a run for inference", gan_adversarial_loss_generator(hinge, &v, real, inference));
    fails(GAN_ERROR_SHAPE, "output 0 of fake is float [5,2]; it must be one logit a picture",
          gan_adversarial_loss_generator(hinge, &v, real, pairs));
    ok(gan_tensor_set_batch(real_logits, 3));
    ok(gan_run_forward(real, real_logits));
    fails(GAN_ERROR_SHAPE, "5 generated pictures and 3 real ones",
          gan_adversarial_loss_discriminator(hinge, &v, real, fake, 1, 0));
    bad.generator = NULL;
    fails(GAN_ERROR_INVALID_ARGUMENT, "generator is NULL; a loss has both",
          gan_adversarial_loss_discriminator(&bad, &v, real, fake, 1, 0));
    bad = *hinge;
    bad.discriminator = NULL;
    fails(GAN_ERROR_INVALID_ARGUMENT, "discriminator is NULL", gan_adversarial_loss_generator(&bad, &v, real, fake));
    bad = *hinge;
    bad.flags = 8;
    fails(GAN_ERROR_INVALID_ARGUMENT, "flags are 8", gan_adversarial_loss_generator(&bad, &v, real, fake));
    bad = *hinge;
    bad.size = 0;
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_adversarial_loss.size is 0",
          gan_adversarial_loss_generator(&bad, &v, real, fake));
    gan_tensor_free(&two_numbers);
    gan_run_free(&pairs);
    gan_run_free(&inference);
    gan_run_free(&fresh);
    gan_network_free(&two);
}
END_TEST

START_TEST(cross_entropy_misuse)
{
    gan_tensor *x = new_tensor(context, GAN_SHAPE(3, 2, 2)), *other = new_tensor(context, GAN_SHAPE(2, 2, 2));
    gan_tensor *labels = new_labels(context, 3), *two = new_labels(context, 2);
    float v = 5;
    fails(GAN_ERROR_INVALID_ARGUMENT, "logits are NULL", gan_loss_cross_entropy(&v, NULL, NULL, labels, 1));
    fails(GAN_ERROR_INVALID_ARGUMENT, "labels are NULL", gan_loss_cross_entropy(&v, NULL, x, NULL, 1));
    fails(GAN_ERROR_INVALID_ARGUMENT, "weight is inf", gan_loss_cross_entropy(&v, NULL, x, labels, INFINITY));
    fails(GAN_ERROR_SHAPE, "logits are int32 [3]", gan_loss_cross_entropy(&v, NULL, labels, labels, 1));
    fails(GAN_ERROR_SHAPE, "labels are int32 [2]; they must be int32 [3]", gan_loss_cross_entropy(&v, NULL, x, two, 1));
    fails(GAN_ERROR_SHAPE, "labels are float [3,2,2]", gan_loss_cross_entropy(&v, NULL, x, x, 1));
    fails(GAN_ERROR_SHAPE, "gradient is float [2,2,2]; it must be as the logits, float [3,2,2]",
          gan_loss_cross_entropy(&v, other, x, labels, 1));
    numbers(labels)[1] = 4;
    fails(GAN_ERROR_INVALID_ARGUMENT, "labels[1] is 4; it must be 0 to 3",
          gan_loss_cross_entropy(&v, NULL, x, labels, 1));
    numbers(labels)[1] = 3;
    numbers(labels)[2] = -1;
    fails(GAN_ERROR_INVALID_ARGUMENT, "labels[2] is -1", gan_loss_cross_entropy(&v, NULL, x, labels, 1));
    ck_assert(v == 5);
    numbers(labels)[2] = 0;
    ok(gan_loss_cross_entropy(NULL, NULL, x, labels, 1));
    ok(gan_loss_cross_entropy(&v, NULL, x, labels, 2));
    ck_assert_float_eq_tol(v, 2 * 1.38629436f, 1e-6f); /* log 4, each class as likely as any */
    gan_tensor_free(&two);
    gan_tensor_free(&labels);
    gan_tensor_free(&other);
    gan_tensor_free(&x);
}
END_TEST

START_TEST(feature_matching_misuse)
{
    gan_tensor *a = new_tensor(context, GAN_SHAPE(3, 2, 2)), *b = new_tensor(context, GAN_SHAPE(7, 2, 2));
    gan_tensor *c = new_tensor(context, GAN_SHAPE(3, 4)), *labels = new_labels(context, 3);
    float v = 5;
    fails(GAN_ERROR_INVALID_ARGUMENT, "fake is NULL", gan_loss_feature_matching(&v, NULL, NULL, b, 1));
    fails(GAN_ERROR_INVALID_ARGUMENT, "real is NULL", gan_loss_feature_matching(&v, NULL, a, NULL, 1));
    fails(GAN_ERROR_INVALID_ARGUMENT, "weight is nan", gan_loss_feature_matching(&v, NULL, a, b, NAN));
    fails(GAN_ERROR_SHAPE, "fake is int32 [3]", gan_loss_feature_matching(&v, NULL, labels, b, 1));
    fails(GAN_ERROR_SHAPE, "real is float [3,4]", gan_loss_feature_matching(&v, NULL, a, c, 1));
    fails(GAN_ERROR_SHAPE, "gradient is float [7,2,2]", gan_loss_feature_matching(&v, b, a, b, 1));
    ck_assert(v == 5);
    ok(gan_loss_feature_matching(&v, NULL, a, b, 1));
    ck_assert(v == 0);
    gan_tensor_free(&labels);
    gan_tensor_free(&c);
    gan_tensor_free(&b);
    gan_tensor_free(&a);
}
END_TEST

/* A row of features, some of them a step apart: the difference of losses is the gradient's. */
static void check_tensor_differences(float (*loss)(gan_tensor *gradient, const gan_tensor *x), gan_tensor *x)
{
    const float step = 0x1p-6f;
    gan_tensor *gradient = new_tensor(context, gan_tensor_rank(x), gan_tensor_shape(x));
    loss(gradient, x);
    for (int64_t i = 0; i < gan_tensor_count(x); i++) {
        float *place = gan_tensor_floats(x) + i, old = *place;
        *place = old + step;
        float above = loss(NULL, x);
        *place = old - step;
        float below = loss(NULL, x);
        *place = old;
        ck_assert_float_eq_tol((above - below) / (2 * step), gan_tensor_floats(gradient)[i], 5e-4f);
    }
    gan_tensor_free(&gradient);
}

static gan_tensor *labels_given, *features_given;

static float cross_entropy(gan_tensor *gradient, const gan_tensor *x)
{
    float value;
    ok(gan_loss_cross_entropy(&value, gradient, x, labels_given, 0.5f));
    return value;
}

static float feature_matching(gan_tensor *gradient, const gan_tensor *x)
{
    float value;
    ok(gan_loss_feature_matching(&value, gradient, x, features_given, 0.25f));
    return value;
}

START_TEST(tensor_losses_agree_with_differences)
{
    gan_tensor *x = new_tensor(context, GAN_SHAPE(3, 19));
    fill_normal(context, x, 1);
    labels_given = new_labels(context, 3);
    numbers(labels_given)[1] = 18;
    check_tensor_differences(cross_entropy, x);
    features_given = new_tensor(context, GAN_SHAPE(4, 19));
    fill_normal(context, features_given, 2);
    check_tensor_differences(feature_matching, x);
    gan_tensor_free(&features_given);
    gan_tensor_free(&labels_given);
    gan_tensor_free(&x);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("losses");
    TCase *tests = tcase_create("losses");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, gradients_agree_with_differences, 0, loss_count());
    tcase_add_loop_test(tests, gradients_are_added, 0, loss_count());
    tcase_add_loop_test(tests, not_a_number, 0, loss_count());
    tcase_add_loop_test(tests, found_by_name, 0, loss_count());
    tcase_add_loop_test(tests, reads_real, 0, loss_count());
    tcase_add_loop_test(tests, targets, 0, loss_count());
    tcase_add_test(tests, a_loss_of_the_callers);
    tcase_add_test(tests, adversarial_misuse);
    tcase_add_test(tests, cross_entropy_misuse);
    tcase_add_test(tests, feature_matching_misuse);
    tcase_add_test(tests, tensor_losses_agree_with_differences);
    return run_suite(suite);
}
