/* SPDX-License-Identifier: BSD-2-Clause */
#include "gradients.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEP      4e-3f
#define TOLERANCE 1e-2 /* of the largest number in the gradient */
#define KINK \
    2e-2 /* one-sided differences further apart; below that, a kink moves the central one by less than TOLERANCE */
#define MOST 300 /* elements of a tensor that are tried */

static gan_tensor *batch_of(const subject *s, const gan_node *node)
{
    int64_t shape[GAN_MAX_RANK];
    shape[0] = s->batch;
    for (int i = 0; i < gan_node_rank(node); i++) shape[i + 1] = gan_node_dimension(node, i);
    return new_tensor(s->context, gan_node_rank(node) + 1, shape);
}

subject new_subject(gan_context *context, gan_network *network, int64_t batch)
{
    subject s = {.context = context, .network = network, .batch = batch};
    for (int i = 0; i < gan_network_input_count(network); i++) {
        s.input[i] = batch_of(&s, gan_network_input_node(network, i));
        fill_normal(context, s.input[i], (uint64_t)i);
    }
    for (int i = 0; i < gan_network_output_count(network); i++) {
        s.r[i] = batch_of(&s, gan_network_output_node(network, i));
        fill_normal(context, s.r[i], (uint64_t)i + 10);
    }
    for (int i = 0; i < gan_network_parameter_count(network); i++)
        fill_normal(context, gan_network_parameter(network, i), (uint64_t)i + 20);
    ok(gan_run_create(&s.run, network, GAN_TRAINING, batch));
    return s;
}

void fill_classes(subject *s, int input, int classes)
{
    float *x = gan_tensor_floats(s->input[input]);
    s->is_class[input] = true;
    for (int64_t k = 0; k < gan_tensor_count(s->input[input]); k++) x[k] = (float)(7 * k % 5 % classes);
}

void free_subject(subject *s)
{
    gan_run_free(&s->run);
    for (int i = 0; i < GAN_MAX_INPUTS; i++) {
        gan_tensor_free(&s->input[i]);
        gan_tensor_free(&s->r[i]);
        gan_tensor_free(&s->v[i]);
    }
    gan_network_free(&s->network);
}

void forward(subject *s)
{
    const gan_tensor *inputs[GAN_MAX_INPUTS];
    memcpy(inputs, s->input, sizeof inputs);
    ok(gan_run_forward_all(s->run, inputs, gan_network_input_count(s->network)));
}

void backward(subject *s, unsigned want)
{
    forward(s);
    for (int i = 0; i < gan_network_output_count(s->network); i++)
        ok(gan_tensor_copy(gan_run_output_gradient(s->run, i), s->r[i]));
    ok(gan_run_backward(s->run, NULL, want));
}

static double objective(subject *s)
{
    double sum = 0;
    forward(s);
    for (int i = 0; i < gan_network_output_count(s->network); i++) {
        const float *y = gan_tensor_floats(gan_run_output(s->run, i)), *r = gan_tensor_floats(s->r[i]);
        for (int64_t k = 0; k < gan_tensor_count(s->r[i]); k++) sum += (double)y[k] * r[k];
    }
    return sum;
}

/* The sum of r times the tangent of output 0 in the direction v. */
static double tangent_objective(subject *s)
{
    double sum = 0;
    push_tangent(s);
    const float *ty = gan_tensor_floats(gan_run_output_tangent(s->run, 0)), *r = gan_tensor_floats(s->r[0]);
    for (int64_t k = 0; k < gan_tensor_count(s->r[0]); k++) sum += (double)ty[k] * r[k];
    return sum;
}

typedef double (*objective_function)(subject *s);

/* Returns whether the place is a kink. */
static bool check_element(subject *s, objective_function f, const char *what, float *x, int64_t k, double gradient,
                          double scale)
{
    float old = x[k];
    double middle = f(s);
    x[k] = old + STEP;
    double step_up = (double)x[k] - old, up = f(s);
    x[k] = old - STEP;
    double step_down = (double)old - x[k], down = f(s);
    x[k] = old;
    if (fabs((up - middle) / step_up - (middle - down) / step_down) > KINK * scale) return true;
    double difference = (up - down) / (step_up + step_down);
    ck_assert_msg(fabs(difference - gradient) <= TOLERANCE * scale, "gradient of %s[%lld] is %g; differences say %g",
                  what, (long long)k, gradient, difference);
    return false;
}

static void check_tensor(subject *s, objective_function f, const char *what, gan_tensor *tensor, const float *gradient)
{
    int64_t count = gan_tensor_count(tensor), stride = count / MOST + 1, tried = 0, kinks = 0;
    double scale = largest(gradient, count);
    if (scale < 0.2) scale = 0.2; /* a gradient of zero, as of a bias before a batch norm, is rounding */
    for (int64_t k = 0; k < count; k += stride, tried++)
        kinks += check_element(s, f, what, gan_tensor_floats(tensor), k, gradient[k], scale);
    ck_assert_msg(kinks * 8 <= tried, "%s: %lld of %lld places are kinks", what, (long long)kinks, (long long)tried);
}

/* A copy of the numbers; a gradient that is NULL has none. */
static float *copy_of(const gan_tensor *tensor)
{
    float *copy = malloc(gan_tensor_bytes(tensor) + 1);
    ck_assert(copy != NULL);
    if (tensor) memcpy(copy, gan_tensor_floats(tensor), gan_tensor_bytes(tensor));
    return copy;
}

/* The gradients that the last backward pass left, against differences. */
static void check_all_tensors(subject *s, objective_function f)
{
    float *gradient[GAN_MAX_INPUTS];
    for (int i = 0; i < gan_network_input_count(s->network); i++)
        gradient[i] = copy_of(gan_run_input_gradient(s->run, i));
    for (int i = 0; i < gan_network_input_count(s->network); i++) {
        const char *name = gan_node_name(gan_network_input_node(s->network, i));
        if (s->is_class[i])
            ck_assert_msg(largest(gradient[i], gan_tensor_count(s->input[i])) == 0, "%s: classes have a gradient",
                          name);
        else
            check_tensor(s, f, name, s->input[i], gradient[i]);
        free(gradient[i]);
    }
    for (int i = 0; i < gan_network_parameter_count(s->network); i++)
        check_tensor(s, f, gan_network_parameter_name(s->network, i), gan_network_parameter(s->network, i),
                     gan_tensor_floats(gan_network_gradient(s->network, i)));
}

void check_differences(subject *s)
{
    ok(gan_network_zero_gradients(s->network));
    backward(s, GAN_WANT_INPUTS | GAN_WANT_PARAMETERS);
    check_all_tensors(s, objective);
}

void use_tangents(subject *s)
{
    gan_run_free(&s->run);
    ok(gan_run_create(&s->run, s->network, GAN_TRAINING_TANGENTS, s->batch));
    for (int i = 0; i < gan_network_input_count(s->network); i++) {
        s->v[i] = batch_of(s, gan_network_input_node(s->network, i));
        fill_normal(s->context, s->v[i], (uint64_t)i + 100);
    }
}

void push_tangent(subject *s)
{
    const gan_tensor *directions[GAN_MAX_INPUTS];
    memcpy(directions, s->v, sizeof directions);
    forward(s);
    ok(gan_run_tangent_all(s->run, directions, gan_network_input_count(s->network)));
}

void tangent_backward(subject *s, unsigned want)
{
    push_tangent(s);
    ok(gan_run_tangent_backward(s->run, s->r[0], want));
}

/* Moves all inputs along their directions. */
static void move_inputs(subject *s, float step)
{
    for (int i = 0; i < gan_network_input_count(s->network); i++) {
        float *x = gan_tensor_floats(s->input[i]);
        const float *v = gan_tensor_floats(s->v[i]);
        if (s->is_class[i]) continue;
        for (int64_t k = 0; k < gan_tensor_count(s->v[i]); k++) x[k] += step * v[k];
    }
}

void check_tangent(subject *s)
{
    const float step = STEP / 2;
    push_tangent(s);
    gan_tensor *y = gan_run_output(s->run, 0);
    int64_t count = gan_tensor_count(y), kinks = 0;
    float *ty = copy_of(gan_run_output_tangent(s->run, 0)), *middle = copy_of(y);
    move_inputs(s, step);
    forward(s);
    float *up = copy_of(y);
    move_inputs(s, -2 * step);
    forward(s);
    float *down = copy_of(y);
    move_inputs(s, step);
    double scale = fmax(largest(ty, count), 0.2);
    for (int64_t k = 0; k < count; k++) {
        double above = ((double)up[k] - middle[k]) / step, below = ((double)middle[k] - down[k]) / step;
        bool kink = fabs(above - below) > KINK * scale;
        kinks += kink;
        ck_assert_msg(kink || fabs((above + below) / 2 - ty[k]) <= TOLERANCE * scale,
                      "tangent[%lld] is %g; differences say %g", (long long)k, ty[k], (above + below) / 2);
    }
    ck_assert_msg(kinks * 8 <= count, "%lld of %lld places are kinks", (long long)kinks, (long long)count);
    free(down);
    free(up);
    free(middle);
    free(ty);
}

void check_second_differences(subject *s)
{
    ok(gan_network_zero_gradients(s->network));
    tangent_backward(s, GAN_WANT_INPUTS | GAN_WANT_PARAMETERS);
    check_all_tensors(s, tangent_objective);
}

static bool same_bits(const gan_tensor *tensor, const float *numbers)
{
    return memcmp(gan_tensor_data(tensor), numbers, gan_tensor_bytes(tensor)) == 0;
}

static bool all_zero(const gan_tensor *tensor)
{
    return largest(gan_tensor_floats(tensor), gan_tensor_count(tensor)) == 0;
}

static void check_parameters_only(subject *s, float **expected)
{
    ok(gan_network_zero_gradients(s->network));
    backward(s, GAN_WANT_PARAMETERS);
    for (int i = 0; i < gan_network_input_count(s->network); i++) ck_assert_ptr_null(gan_run_input_gradient(s->run, i));
    for (int i = 0; i < gan_network_parameter_count(s->network); i++)
        ck_assert_msg(same_bits(gan_network_gradient(s->network, i), expected[i]),
                      "%s: another gradient without inputs", gan_network_parameter_name(s->network, i));
    ok(gan_run_backward(s->run, NULL, GAN_WANT_PARAMETERS));
    for (int i = 0; i < gan_network_parameter_count(s->network); i++) {
        const gan_tensor *gradient = gan_network_gradient(s->network, i);
        for (int64_t k = 0; k < gan_tensor_count(gradient); k++) expected[i][k] *= 2;
        float difference = largest_difference(gan_tensor_floats(gradient), expected[i], gan_tensor_count(gradient));
        ck_assert_msg(difference <= 1e-5f * largest(expected[i], gan_tensor_count(gradient)) + 1e-6f,
                      "%s: two passes do not give twice the gradient of one",
                      gan_network_parameter_name(s->network, i));
    }
}

static void check_inputs_only(subject *s, float **expected)
{
    ok(gan_network_zero_gradients(s->network));
    backward(s, GAN_WANT_INPUTS);
    for (int i = 0; i < gan_network_input_count(s->network); i++)
        ck_assert_msg(same_bits(gan_run_input_gradient(s->run, i), expected[i]),
                      "input %d: another gradient without parameters", i);
    for (int i = 0; i < gan_network_parameter_count(s->network); i++)
        ck_assert_msg(all_zero(gan_network_gradient(s->network, i)), "%s: has a gradient that nobody wanted",
                      gan_network_parameter_name(s->network, i));
}

void check_wants(subject *s)
{
    float *inputs[GAN_MAX_INPUTS], *parameters[64];
    int input_count = gan_network_input_count(s->network), count = gan_network_parameter_count(s->network);
    ok(gan_network_zero_gradients(s->network));
    backward(s, GAN_WANT_INPUTS | GAN_WANT_PARAMETERS);
    ck_assert_int_le(count, 64);
    for (int i = 0; i < input_count; i++) inputs[i] = copy_of(gan_run_input_gradient(s->run, i));
    for (int i = 0; i < count; i++) parameters[i] = copy_of(gan_network_gradient(s->network, i));
    check_inputs_only(s, inputs);
    check_parameters_only(s, parameters);
    for (int i = 0; i < input_count; i++) free(inputs[i]);
    for (int i = 0; i < count; i++) free(parameters[i]);
}

void check_second_wants(subject *s)
{
    float *inputs[GAN_MAX_INPUTS], *parameters[64];
    int input_count = gan_network_input_count(s->network), count = gan_network_parameter_count(s->network);
    ck_assert_int_le(count, 64);
    ok(gan_network_zero_gradients(s->network));
    tangent_backward(s, GAN_WANT_INPUTS | GAN_WANT_PARAMETERS);
    for (int i = 0; i < input_count; i++) inputs[i] = copy_of(gan_run_input_gradient(s->run, i));
    for (int i = 0; i < count; i++) parameters[i] = copy_of(gan_network_gradient(s->network, i));
    ok(gan_network_zero_gradients(s->network));
    tangent_backward(s, GAN_WANT_INPUTS);
    for (int i = 0; i < input_count; i++) ck_assert(same_bits(gan_run_input_gradient(s->run, i), inputs[i]));
    for (int i = 0; i < count; i++) ck_assert(all_zero(gan_network_gradient(s->network, i)));
    tangent_backward(s, GAN_WANT_PARAMETERS);
    for (int i = 0; i < input_count; i++) ck_assert_ptr_null(gan_run_input_gradient(s->run, i));
    for (int i = 0; i < count; i++) ck_assert(same_bits(gan_network_gradient(s->network, i), parameters[i]));
    for (int i = 0; i < input_count; i++) free(inputs[i]);
    for (int i = 0; i < count; i++) free(parameters[i]);
}

static uint64_t mix(uint64_t hash, const gan_tensor *tensor)
{
    const unsigned char *bytes = gan_tensor_data(tensor);
    for (size_t i = 0; i < gan_tensor_bytes(tensor); i++) hash = (hash ^ bytes[i]) * 0x100000001b3u; /* FNV-1a */
    return hash;
}

uint64_t fingerprint(subject *s)
{
    uint64_t hash = 0xcbf29ce484222325u;
    ok(gan_network_zero_gradients(s->network));
    backward(s, GAN_WANT_INPUTS | GAN_WANT_PARAMETERS);
    for (int i = 0; i < gan_network_output_count(s->network); i++) hash = mix(hash, gan_run_output(s->run, i));
    for (int i = 0; i < gan_network_input_count(s->network); i++) hash = mix(hash, gan_run_input_gradient(s->run, i));
    for (int i = 0; i < gan_network_parameter_count(s->network); i++)
        hash = mix(hash, gan_network_gradient(s->network, i));
    return hash;
}

uint64_t second_fingerprint(subject *s)
{
    uint64_t hash = 0xcbf29ce484222325u;
    ok(gan_network_zero_gradients(s->network));
    tangent_backward(s, GAN_WANT_INPUTS | GAN_WANT_PARAMETERS);
    hash = mix(hash, gan_run_output_tangent(s->run, 0));
    for (int i = 0; i < gan_network_input_count(s->network); i++) hash = mix(hash, gan_run_input_gradient(s->run, i));
    for (int i = 0; i < gan_network_parameter_count(s->network); i++)
        hash = mix(hash, gan_network_gradient(s->network, i));
    return hash;
}
