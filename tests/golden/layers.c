/* SPDX-License-Identifier: BSD-2-Clause */
#include "golden.h"

#include <stdio.h>
#include <string.h>

/* A file of one layer: x, its parameters, perhaps a second input named "condition", y, dy, and the gradients. With
 * second derivatives: a direction v, the tangent ty, and the gradients d2.. of the sum of dy * ty. */

#define TOLERANCE 3e-6f

static int setting(const golden *file, const char *name, int fallback)
{
    return (int)golden_number(file, name, fallback);
}

static int padding_of(const golden *file)
{
    const char *padding = golden_text(file, "padding");
    if (!padding || strcmp(padding, "valid") == 0) return GAN_PADDING_VALID;
    if (strcmp(padding, "same") == 0) return GAN_PADDING_SAME;
    ck_assert_msg(strcmp(padding, "explicit") == 0, "padding \"%s\" is not known", padding);
    return GAN_PADDING_EXPLICIT;
}

/* The settings that both convolutions have; the kernel's size is in the weight's shape. */
#define CONVOLUTION_SETTINGS(file, filter_axis)                                                                    \
    .filters = (int)weight_shape[filter_axis], .kernel_h = (int)weight_shape[0], .kernel_w = (int)weight_shape[1], \
    .stride = setting(file, "stride", 1), .stride_h = setting(file, "stride_h", 0),                                \
    .stride_w = setting(file, "stride_w", 0), .padding = padding_of(file), .pad_top = setting(file, "pad_top", 0), \
    .pad_bottom = setting(file, "pad_bottom", 0), .pad_left = setting(file, "pad_left", 0),                        \
    .pad_right = setting(file, "pad_right", 0), .no_bias = !golden_find(file, "b", NULL, NULL)

#define NORM_SETTINGS(file) \
    .epsilon = (float)golden_number(file, "epsilon", 0), .no_affine = setting(file, "no_affine", 0)

static gan_node *add_layer(const golden *file, const char *kind, gan_node *x, gan_node *condition)
{
    int64_t weight_shape[GAN_MAX_RANK] = {0};
    golden_find(file, "w", NULL, weight_shape);
    if (strcmp(kind, "conv2d") == 0) return gan_conv2d(x, CONVOLUTION_SETTINGS(file, 3));
    if (strcmp(kind, "conv2d_transpose") == 0)
        return gan_conv2d_transpose(x, CONVOLUTION_SETTINGS(file, 2), .output_h = setting(file, "out_h", 0),
                                    .output_w = setting(file, "out_w", 0));
    if (strcmp(kind, "linear") == 0)
        return gan_linear(x, .units = (int)weight_shape[1], .no_bias = !golden_find(file, "b", NULL, NULL));
    if (strcmp(kind, "batch_norm") == 0)
        return gan_batch_norm(x, .epsilon = (float)golden_number(file, "epsilon", 1e-3));
    if (strcmp(kind, "leaky_relu") == 0) return gan_leaky_relu(x, .slope = (float)golden_number(file, "slope", 0.2));
    if (strcmp(kind, "concat_diff") == 0) return gan_concat_diff(x);
    if (strcmp(kind, "layer_norm") == 0)
        return gan_layer_norm(x, NORM_SETTINGS(file), .last_dimension = setting(file, "last_dimension", 0));
    if (strcmp(kind, "instance_norm") == 0) return gan_instance_norm(x, NORM_SETTINGS(file));
    if (strcmp(kind, "group_norm") == 0)
        return gan_group_norm(x, NORM_SETTINGS(file), .groups = setting(file, "groups", 0));
    if (strcmp(kind, "pixel_norm") == 0) return gan_pixel_norm(x);
    if (strcmp(kind, "film") == 0) return gan_film(x, .condition = condition);
    if (strcmp(kind, "conditional_batch_norm") == 0) return gan_conditional_batch_norm(x, .condition = condition);
    if (strcmp(kind, "minibatch_discrimination") == 0)
        return gan_minibatch_discrimination(x, .kernels = setting(file, "kernels", 0),
                                            .dims = setting(file, "dims", 0));
    if (strcmp(kind, "minibatch_stddev") == 0)
        return gan_minibatch_stddev(x, .group_size = setting(file, "group_size", 0),
                                    .features = setting(file, "features", 0));
    if (strcmp(kind, "relu") == 0) return gan_relu(x);
    if (strcmp(kind, "tanh") == 0) return gan_tanh(x);
    return gan_sigmoid(x);
}

/* The network's parameter "layer.weight" is the file's "w". */
static const struct {
    const char *parameter, *name;
} names[] = {{".weight", "w"}, {".bias", "b"}, {".gamma", "gamma"}, {".beta", "beta"}};

static const char *name_of(const gan_network *network, int parameter)
{
    const char *name = strchr(gan_network_parameter_name(network, parameter), '.');
    for (int i = 0; i < 4; i++)
        if (strcmp(name, names[i].parameter) == 0) return names[i].name;
    ck_abort_msg("parameter %s is not known", name);
    return NULL;
}

static void load_parameters(const golden *file, gan_context *context, gan_network *network)
{
    for (int i = 0; i < gan_network_parameter_count(network); i++) {
        gan_tensor *value = golden_tensor(file, context, name_of(network, i));
        ok(gan_tensor_copy(gan_network_parameter(network, i), value));
        gan_tensor_free(&value);
    }
}

static void compare(const golden *file, const char *prefix, const char *name, const gan_tensor *tensor)
{
    int rank;
    int64_t shape[GAN_MAX_RANK];
    char full[64];
    snprintf(full, sizeof full, "%s%s", prefix, name);
    const float *expected = golden_find(file, full, &rank, shape);
    ck_assert_msg(expected && tensor, "there is no %s", full);
    ck_assert_int_eq(rank, gan_tensor_rank(tensor));
    for (int i = 0; i < rank; i++) ck_assert_int_eq(shape[i], gan_tensor_dimension(tensor, i));
    check_close(full, gan_tensor_floats(tensor), expected, gan_tensor_count(tensor), TOLERANCE);
}

/* A network of the one layer, and its inputs. */
struct subject {
    const golden *file;
    gan_context *context;
    gan_network *network;
    int inputs;
    const char *names[2];
    gan_tensor *input[2];
};

static struct subject new_subject(const golden *file, gan_context *context, const char *kind)
{
    struct subject s = {.file = file, .context = context, .names = {"x", "condition"}};
    gan_node *nodes[2] = {NULL};
    if (!golden_find(file, "x", NULL, NULL)) s.names[0] = "input";
    ok(gan_network_create(&s.network, context, NULL));
    for (; s.inputs < 2 && golden_find(file, s.names[s.inputs], NULL, NULL); s.inputs++) {
        gan_tensor *x = s.input[s.inputs] = golden_tensor(file, context, s.names[s.inputs]);
        nodes[s.inputs] = gan_input_layer(s.network, gan_tensor_rank(x) - 1, gan_tensor_shape(x) + 1, NULL);
    }
    gan_network_output(s.network, add_layer(file, kind, nodes[0], nodes[1]));
    ok(gan_network_build(s.network));
    load_parameters(file, context, s.network);
    return s;
}

static void free_subject(struct subject *s)
{
    for (int i = 0; i < 2; i++) gan_tensor_free(&s->input[i]);
    gan_network_free(&s->network);
}

static void compare_gradients(const struct subject *s, const gan_run *run, const char *prefix)
{
    for (int i = 0; i < s->inputs; i++) compare(s->file, prefix, s->names[i], gan_run_input_gradient(run, i));
    for (int i = 0; i < gan_network_parameter_count(s->network); i++)
        compare(s->file, prefix, name_of(s->network, i), gan_network_gradient(s->network, i));
}

static gan_run *forward(const struct subject *s, gan_mode mode)
{
    gan_run *run;
    ok(gan_run_create(&run, s->network, mode, gan_tensor_dimension(s->input[0], 0)));
    ok(gan_run_forward_all(run, (const gan_tensor *const *)s->input, s->inputs));
    ok(gan_network_zero_gradients(s->network));
    return run;
}

static void check_second_derivatives(const struct subject *s, const gan_tensor *dy)
{
    static const char *const names_of_directions[] = {"v", "vcondition"};
    gan_tensor *directions[2] = {NULL};
    gan_run *run = forward(s, GAN_TRAINING_TANGENTS);
    for (int i = 0; i < s->inputs; i++) directions[i] = golden_tensor(s->file, s->context, names_of_directions[i]);
    ok(gan_run_tangent_all(run, (const gan_tensor *const *)directions, s->inputs));
    ok(gan_run_tangent_backward(run, dy, GAN_WANT_INPUTS | GAN_WANT_PARAMETERS));
    compare(s->file, "", "ty", gan_run_output_tangent(run, 0));
    compare_gradients(s, run, "d2");
    for (int i = 0; i < s->inputs; i++) gan_tensor_free(&directions[i]);
    gan_run_free(&run);
}

void check_layer_file(const golden *file, gan_context *context, const char *kind)
{
    struct subject s = new_subject(file, context, kind);
    gan_tensor *dy = golden_tensor(file, context, "dy");
    gan_run *run = forward(&s, GAN_TRAINING);
    ok(gan_run_backward(run, dy, GAN_WANT_INPUTS | GAN_WANT_PARAMETERS));
    compare(file, "", "y", gan_run_output(run, 0));
    compare_gradients(&s, run, "d");
    gan_run_free(&run);
    if (golden_find(file, "v", NULL, NULL)) check_second_derivatives(&s, dy);
    gan_tensor_free(&dy);
    free_subject(&s);
}
