/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Gradients and parameters of a network, clipped, scaled, and added up over several batches. */

#define INPUTS 150
#define UNITS  250 /* parameters for several tasks */

/* y = x w + b, and the blocks that the public tensors are views of. */
struct subject {
    gan_context *context;
    gan_network *network;
    gan_run *run;
};

static struct subject new_subject(int threads, gan_kernel_set set)
{
    struct subject s = {.context = new_context(threads, set)};
    ok(gan_network_create(&s.network, s.context, gan_network_options(.name = "n")));
    ok(gan_network_output(s.network, gan_linear(gan_input(s.network, INPUTS), .units = UNITS)));
    ok(gan_network_build(s.network));
    ok(gan_run_create(&s.run, s.network, GAN_TRAINING, 1));
    fill_normal(s.context, gan_network_gradient(s.network, 0), 1);
    fill_normal(s.context, gan_network_gradient(s.network, 1), 2);
    fill_normal(s.context, gan_network_parameter(s.network, 0), 3);
    fill_normal(s.context, gan_network_parameter(s.network, 1), 4);
    return s;
}

static void free_subject(struct subject *s)
{
    gan_run_free(&s->run);
    gan_network_free(&s->network);
    gan_context_free(&s->context);
}

/* A case leaves gradients or parameters that are a function of what they were. */
static void by_norm(gan_network *network)
{
    float norm;
    ok(gan_network_clip_gradient_norm(network, 3, &norm));
    ck_assert(norm > 190 && norm < 198); /* sqrt(150 * 250 + 250) = 194.3 */
    ck_assert_float_eq_tol(gan_network_gradient_norm(network), 3, 1e-6f);
}

static void by_large_norm(gan_network *network)
{
    ok(gan_network_clip_gradient_norm(network, 198, NULL));
}

static void by_value(gan_network *network)
{
    ok(gan_network_clip_gradient_value(network, 0.5f));
}

static void by_factor(gan_network *network)
{
    ok(gan_network_scale_gradients(network, -0.25f));
}

static void parameters(gan_network *network)
{
    ok(gan_network_clip_parameters(network, 0.01f));
}

static double cut(double x, double limit)
{
    return fmin(fmax(x, -limit), limit);
}

static double norm_3(double x, double norm)
{
    return 3 * x / norm;
}

static double same(double x, double norm)
{
    (void)norm;
    return x;
}

static double half(double x, double norm)
{
    (void)norm;
    return cut(x, 0.5);
}

static double quarter(double x, double norm)
{
    (void)norm;
    return -0.25 * x;
}

static double hundredth(double x, double norm)
{
    (void)norm;
    return cut(x, 0.01f);
}

static const struct {
    const char *name;
    void (*run)(gan_network *network);
    double (*gradient)(double x, double norm), (*parameter)(double x, double norm); /* of all gradients */
    double tolerance;                                                               /* relative */
} cases[] = {
    {"norm", by_norm, norm_3, same, 1e-6},
    {"large norm", by_large_norm, same, same, 0},
    {"value", by_value, half, same, 0},
    {"factor", by_factor, quarter, same, 0},
    {"parameters", parameters, same, hundredth, 0},
};

#define CASES ((int)(sizeof cases / sizeof cases[0]))

static double norm_of(gan_tensor *const tensor[2])
{
    double sum = 0;
    for (int k = 0; k < 2; k++)
        for (int64_t i = 0; i < gan_tensor_count(tensor[k]); i++) sum += pow(gan_tensor_floats(tensor[k])[i], 2);
    return sqrt(sum);
}

static void compare(const char *what, const gan_tensor *found, const gan_tensor *before,
                    double (*formula)(double, double), double norm, double tolerance)
{
    for (int64_t i = 0; i < gan_tensor_count(found); i++) {
        double y = gan_tensor_floats(found)[i], expected = formula(gan_tensor_floats(before)[i], norm);
        if (!(fabs(y - expected) <= tolerance * fabs(expected)))
            ck_abort_msg("%s: %d is %.9g; should be %.9g", what, (int)i, y, expected);
    }
}

START_TEST(formula)
{
    struct subject before = new_subject(1, kernel_set(_i / CASES)), s = new_subject(1, kernel_set(_i / CASES));
    gan_tensor *gradients[] = {gan_network_gradient(before.network, 0), gan_network_gradient(before.network, 1)};
    double norm = norm_of(gradients), tolerance = cases[_i % CASES].tolerance;
    cases[_i % CASES].run(s.network);
    for (int k = 0; k < 2; k++) {
        compare(cases[_i % CASES].name, gan_network_gradient(s.network, k), gradients[k], cases[_i % CASES].gradient,
                norm, tolerance);
        compare(cases[_i % CASES].name, gan_network_parameter(s.network, k), gan_network_parameter(before.network, k),
                cases[_i % CASES].parameter, norm, tolerance);
    }
    free_subject(&s);
    free_subject(&before);
}
END_TEST

START_TEST(threads_do_not_change_a_bit)
{
    struct subject one = new_subject(1, kernel_set(_i / CASES));
    cases[_i % CASES].run(one.network);
    for (int threads = 2; threads <= 3; threads++) {
        struct subject more = new_subject(threads, kernel_set(_i / CASES));
        cases[_i % CASES].run(more.network);
        for (int k = 0; k < 2; k++) {
            const gan_tensor *a = gan_network_gradient(one.network, k), *b = gan_network_gradient(more.network, k);
            const gan_tensor *c = gan_network_parameter(one.network, k), *d = gan_network_parameter(more.network, k);
            ck_assert(memcmp(gan_tensor_data(a), gan_tensor_data(b), gan_tensor_bytes(a)) == 0);
            ck_assert(memcmp(gan_tensor_data(c), gan_tensor_data(d), gan_tensor_bytes(c)) == 0);
        }
        free_subject(&more);
    }
    free_subject(&one);
}
END_TEST

static void backward(gan_run *run, const gan_tensor *x, const gan_tensor *targets)
{
    ok(gan_run_forward(run, x));
    ok(gan_loss_binary_cross_entropy(NULL, gan_run_output_gradient(run, 0), gan_run_output(run, 0), 0, targets));
    ok(gan_run_backward(run, NULL, GAN_WANT_PARAMETERS));
}

/* Rows first..first+count-1 of a tensor. */
static gan_tensor *part(gan_context *context, const gan_tensor *whole, int64_t first, int64_t count)
{
    int64_t shape[GAN_MAX_RANK], row = gan_tensor_count(whole) / gan_tensor_dimension(whole, 0);
    memcpy(shape, gan_tensor_shape(whole), (size_t)gan_tensor_rank(whole) * sizeof *shape);
    shape[0] = count;
    gan_tensor *tensor;
    ok(gan_tensor_wrap(&tensor, context, GAN_FLOAT32, gan_tensor_rank(whole), shape,
                       gan_tensor_floats(whole) + first * row, NULL, NULL));
    return tensor;
}

START_TEST(two_halves_are_one_batch)
{
    gan_context *context = new_context(1, kernel_set(_i));
    gan_network *network;
    gan_run *run;
    ok(gan_network_create(&network, context, NULL));
    gan_node *h = gan_conv2d(gan_input(network, 6, 6, 3), .filters = 5, .kernel = 3, .stride = 2);
    ok(gan_network_output(network, gan_linear(gan_flatten(gan_leaky_relu(h)), .units = 1)));
    ok(gan_network_build(network));
    ok(gan_run_create(&run, network, GAN_TRAINING, 8));
    gan_tensor *x = new_tensor(context, GAN_SHAPE(8, 6, 6, 3)), *targets = new_tensor(context, GAN_SHAPE(8, 1));
    fill_normal(context, x, 1);
    for (int i = 0; i < 8; i++) gan_tensor_floats(targets)[i] = (float)i / 8;
    backward(run, x, targets);
    gan_tensor *whole[4];
    for (int i = 0; i < 4; i++) {
        const gan_tensor *gradient = gan_network_gradient(network, i);
        whole[i] = new_tensor(context, gan_tensor_rank(gradient), gan_tensor_shape(gradient));
        ok(gan_tensor_copy(whole[i], gradient));
    }
    ok(gan_network_zero_gradients(network));
    for (int half_batch = 0; half_batch < 2; half_batch++) {
        gan_tensor *some = part(context, x, 4 * half_batch, 4), *their = part(context, targets, 4 * half_batch, 4);
        backward(run, some, their);
        gan_tensor_free(&their);
        gan_tensor_free(&some);
    }
    ok(gan_network_scale_gradients(network, 0.5f));
    for (int i = 0; i < 4; i++) {
        check_close(gan_network_parameter_name(network, i), gan_tensor_floats(gan_network_gradient(network, i)),
                    gan_tensor_floats(whole[i]), gan_tensor_count(whole[i]), 1e-6f);
        gan_tensor_free(&whole[i]);
    }
    gan_tensor_free(&targets);
    gan_tensor_free(&x);
    gan_run_free(&run);
    gan_network_free(&network);
    gan_context_free(&context);
}
END_TEST

static gan_status clip_norm(gan_network *network, float max)
{
    return gan_network_clip_gradient_norm(network, max, NULL);
}

static const struct {
    const char *name, *what;
    gan_status (*call)(gan_network *network, float number);
    bool of_gradients, takes_negative;
} calls[] = {
    {"gan_network_clip_gradient_norm", "max", clip_norm, true, false},
    {"gan_network_clip_gradient_value", "limit", gan_network_clip_gradient_value, true, false},
    {"gan_network_scale_gradients", "factor", gan_network_scale_gradients, true, true},
    {"gan_network_clip_parameters", "limit", gan_network_clip_parameters, false, false},
};

static void refuses(int i, gan_network *network, float number, const char *text)
{
    char sentence[96];
    snprintf(sentence, sizeof sentence, "%s: %s is %s", calls[i].name, calls[i].what, text);
    fails(GAN_ERROR_INVALID_ARGUMENT, sentence, calls[i].call(network, number));
}

START_TEST(misuse)
{
    struct subject s = new_subject(1, kernel_set(0));
    gan_network *empty, *fresh;
    ok(gan_network_create(&empty, s.context, gan_network_options(.name = "e")));
    ok(gan_network_create(&fresh, s.context, gan_network_options(.name = "f")));
    ok(gan_network_output(fresh, gan_linear(gan_input(fresh, 2), .units = 1)));
    ok(gan_network_build(fresh));
    fails(GAN_ERROR_INVALID_ARGUMENT, "network is NULL", calls[_i].call(NULL, 1));
    fails(GAN_ERROR_STATE, "\"e\" is not built", calls[_i].call(empty, 1));
    if (calls[_i].of_gradients) fails(GAN_ERROR_STATE, "\"f\" has no gradients", calls[_i].call(fresh, 1));
    refuses(_i, s.network, NAN, "nan");
    refuses(_i, s.network, INFINITY, "inf");
    if (!calls[_i].takes_negative) refuses(_i, s.network, 0, "0; it must be above 0 and finite");
    if (!calls[_i].takes_negative) refuses(_i, s.network, -1, "-1; it must be above 0 and finite");
    ok(calls[_i].call(s.network, 1e30f));
    ok(calls[_i].call(s.network, 1e-30f));
    gan_network_free(&fresh);
    gan_network_free(&empty);
    free_subject(&s);
}
END_TEST

START_TEST(a_norm_that_is_not_finite)
{
    struct subject s = new_subject(1, kernel_set(0));
    float *gradient = gan_tensor_floats(gan_network_gradient(s.network, 0)), norm = 0, other = gradient[1];
    gradient[0] = INFINITY;
    fails(GAN_ERROR_NUMERIC, "the norm of network \"n\" is inf", gan_network_clip_gradient_norm(s.network, 1, &norm));
    ck_assert(isinf(norm) && isinf(gradient[0]) && gradient[1] == other);
    gradient[0] = NAN;
    fails(GAN_ERROR_NUMERIC, "nan", gan_network_clip_gradient_norm(s.network, 1, NULL));
    free_subject(&s);
}
END_TEST

/* There is nothing to clip, which is no error. */
START_TEST(a_network_without_parameters)
{
    gan_context *context = new_context(1, kernel_set(0));
    gan_network *network;
    float norm = 1;
    ok(gan_network_create(&network, context, NULL));
    ok(gan_network_output(network, gan_relu(gan_input(network, 2))));
    ok(gan_network_build(network));
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) ok(calls[i].call(network, 1));
    ok(gan_network_clip_gradient_norm(network, 1, &norm));
    ck_assert(norm == 0);
    gan_network_free(&network);
    gan_context_free(&context);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("clip");
    TCase *tests = tcase_create("clip");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0);
    tcase_add_loop_test(tests, formula, 0, CASES * kernel_set_count());
    tcase_add_loop_test(tests, threads_do_not_change_a_bit, 0, CASES * kernel_set_count());
    tcase_add_loop_test(tests, two_halves_are_one_batch, 0, kernel_set_count());
    tcase_add_loop_test(tests, misuse, 0, (int)(sizeof calls / sizeof calls[0]));
    tcase_add_test(tests, a_norm_that_is_not_finite);
    tcase_add_test(tests, a_network_without_parameters);
    return run_suite(suite);
}
