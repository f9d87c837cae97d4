/* SPDX-License-Identifier: BSD-2-Clause */
#include "golden.h"
#include "layer/registry.h"

#include <stdio.h>
#include <string.h>

/* A file of one layer: x (or x0, x1, ..), its parameters, y, dy, and the gradients. Where there are directions tx, also
 * the tangent ty, a gradient dty of it, and the gradients of sum(ty * dty), whose names begin with dd. */

#define TOLERANCE 3e-6f

static int setting(const golden *file, const char *name, int fallback)
{
    return (int)golden_number(file, name, fallback);
}

int padding_of(const golden *file)
{
    const char *padding = golden_text(file, "padding");
    if (!padding || strcmp(padding, "valid") == 0) return GAN_PADDING_VALID;
    if (strcmp(padding, "same") == 0) return GAN_PADDING_SAME;
    ck_assert_msg(strcmp(padding, "explicit") == 0, "padding \"%s\" is not known", padding);
    return GAN_PADDING_EXPLICIT;
}

/* The settings that both convolutions have; the kernel's size is in the weight's shape. */
#define CONVOLUTION_SETTINGS(file, filter_axis)                                                                      \
    .filters = (int)weight_shape[filter_axis] * (filter_axis == 2 ? setting(file, "groups", 1) : 1),                 \
    .kernel_h = (int)weight_shape[0], .kernel_w = (int)weight_shape[1], .stride = setting(file, "stride", 1),        \
    .stride_h = setting(file, "stride_h", 0), .stride_w = setting(file, "stride_w", 0), .padding = padding_of(file), \
    .pad_top = setting(file, "pad_top", 0), .pad_bottom = setting(file, "pad_bottom", 0),                            \
    .pad_left = setting(file, "pad_left", 0), .pad_right = setting(file, "pad_right", 0),                            \
    .no_bias = !golden_find(file, "b", NULL, NULL), .groups = setting(file, "groups", 0)

/* A registered layer by its table: the file's settings have the names of the options. */
static gan_node *add_registered(const golden *file, const char *kind, gan_node *const *inputs, int count)
{
    union {
        gan_layer_options common;
        unsigned char bytes[512];
    } options = {.common = {.input = inputs[0]}};
    int k = 0;
    while (gan_layer_types[k] && strcmp(gan_layer_types[k]->name, kind) != 0) k++;
    const gan_layer_type *type = gan_layer_types[k];
    ck_assert_msg(type && type->options_size <= sizeof options, "kind %s is not known", kind);
    options.common.size = type->options_size;
    for (int i = 0; i < type->field_count; i++) {
        void *member = options.bytes + type->fields[i].offset;
        double value = golden_number(file, type->fields[i].name, 0);
        if (type->fields[i].type == GAN_FIELD_INT) *(int *)member = (int)value;
        if (type->fields[i].type == GAN_FIELD_INT64) *(int64_t *)member = (int64_t)value;
        if (type->fields[i].type == GAN_FIELD_FLOAT) *(float *)member = (float)value;
        if (type->fields[i].type == GAN_FIELD_BOOL) *(bool *)member = value != 0;
    }
    return gan_layer_node_with(type, &options, inputs + 1, count - 1);
}

static gan_node *add_layer(const golden *file, const char *kind, gan_node *const *inputs, int count)
{
    gan_node *x = inputs[0], *of_images = add_image_layer(file, kind, inputs);
    if (of_images) return of_images;
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
    if (strcmp(kind, "conditional_batch_norm") == 0) return gan_conditional_batch_norm(x, .condition = inputs[1]);
    if (strcmp(kind, "broadcast") == 0)
        return gan_broadcast(
            x, .shape = {setting(file, "height", 0), setting(file, "width", 0), setting(file, "channels", 0)});
    return add_registered(file, kind, inputs, count);
}

/* The network's parameter "layer.weight" is the file's "w". */
static const struct {
    const char *parameter, *name;
} names[] = {{".weight", "w"}, {".bias", "b"}, {".gamma", "gamma"}, {".beta", "beta"}, {".slope", "slope"}};

static int name_of(const char *parameter)
{
    for (int i = 0; i < (int)(sizeof names / sizeof names[0]); i++)
        if (strcmp(strchr(parameter, '.'), names[i].parameter) == 0) return i;
    ck_abort_msg("parameter %s is not known", parameter);
    return 0;
}

/* Files of several layers have the parameters by their own names, "NAME.weight". */
static const char *key_of(const golden *file, const char *parameter)
{
    return golden_find(file, parameter, NULL, NULL) ? parameter : names[name_of(parameter)].name;
}

static void load_parameters(const golden *file, gan_context *context, gan_network *network)
{
    for (int i = 0; i < gan_network_parameter_count(network); i++) {
        gan_tensor *value = golden_tensor(file, context, key_of(file, gan_network_parameter_name(network, i)));
        ok(gan_tensor_copy(gan_network_parameter(network, i), value));
        gan_tensor_free(&value);
    }
    for (int i = 0; i < gan_network_buffer_count(network); i++) {
        if (!golden_find(file, gan_network_buffer_name(network, i), NULL, NULL)) continue;
        gan_tensor *value = golden_tensor(file, context, gan_network_buffer_name(network, i));
        ok(gan_tensor_copy(gan_network_buffer(network, i), value));
        gan_tensor_free(&value);
    }
}

static void compare(const golden *file, const char *name, const gan_tensor *tensor)
{
    int rank;
    int64_t shape[GAN_MAX_RANK];
    const float *expected = golden_find(file, name, &rank, shape);
    ck_assert_msg(expected && tensor, "there is no %s", name);
    ck_assert_int_eq(rank, gan_tensor_rank(tensor));
    for (int i = 0; i < rank; i++) ck_assert_int_eq(shape[i], gan_tensor_dimension(tensor, i));
    float most = largest(expected, gan_tensor_count(tensor));
    if (most > 0 && most < 1e-12f) /* nothing, as the gradient of a bias that a batch norm follows, but for rounding */
        ck_assert_msg(largest(gan_tensor_floats(tensor), gan_tensor_count(tensor)) < 1e-5f, "%s is not 0", name);
    else
        check_close(name, gan_tensor_floats(tensor), expected, gan_tensor_count(tensor), TOLERANCE);
}

/* The layer's inputs in the file: x, input, or x0, x1 and so on; `prefix` comes before the name. */
static int read_inputs(const golden *file, gan_context *context, const char *prefix, gan_tensor *inputs[GAN_MAX_INPUTS])
{
    int count = 0;
    while (count < GAN_MAX_INPUTS) {
        char name[32];
        snprintf(name, sizeof name, "%sx%d", prefix, count);
        if (!golden_find(file, name, NULL, NULL)) break;
        inputs[count++] = golden_tensor(file, context, name);
    }
    if (count > 0) return count;
    char name[32];
    snprintf(name, sizeof name, "%sx", prefix);
    inputs[0] = golden_tensor(file, context, golden_find(file, name, NULL, NULL) ? name : "input");
    return 1;
}

/* Everything that the last backward pass left; `prefix` comes before the names of gradients: "", or "d" for second
 * ones. */
static void compare_gradients(const golden *file, const char *prefix, const gan_network *network, const gan_run *run)
{
    char name[160];
    int inputs = gan_network_input_count(network);
    for (int i = 0; i < inputs; i++) {
        snprintf(name, sizeof name, inputs > 1 ? "%sdx%d" : "%sdx", prefix, i);
        bool named = golden_find(file, name, NULL, NULL) != NULL;
        compare(file, named ? name : "dinput", gan_run_input_gradient(run, i));
    }
    for (int i = 0; i < gan_network_parameter_count(network); i++) {
        snprintf(name, sizeof name, "%sd%s", prefix, key_of(file, gan_network_parameter_name(network, i)));
        compare(file, name, gan_network_gradient(network, i));
    }
}

static void check_tangents(const golden *file, gan_context *context, gan_network *network, gan_tensor *const *x)
{
    gan_run *run;
    gan_tensor *tx[GAN_MAX_INPUTS], *dty = golden_tensor(file, context, "dty");
    const gan_tensor *inputs[GAN_MAX_INPUTS], *directions[GAN_MAX_INPUTS];
    int count = read_inputs(file, context, "t", tx);
    for (int i = 0; i < count; i++) {
        inputs[i] = x[i];
        directions[i] = tx[i];
    }
    ok(gan_run_create(&run, network, GAN_TRAINING_TANGENTS, gan_tensor_dimension(x[0], 0)));
    ok(gan_run_forward_all(run, inputs, count));
    ok(gan_run_tangent_all(run, directions, count));
    compare(file, "ty", gan_run_output_tangent(run, 0));
    ok(gan_network_zero_gradients(network));
    ok(gan_run_tangent_backward(run, dty, GAN_WANT_INPUTS | GAN_WANT_PARAMETERS));
    compare_gradients(file, "d", network, run);
    gan_run_free(&run);
    for (int i = 0; i < count; i++) gan_tensor_free(&tx[i]);
    gan_tensor_free(&dty);
}

void check_layer_file(const golden *file, gan_context *context, const char *kind)
{
    gan_tensor *x[GAN_MAX_INPUTS], *dy = golden_tensor(file, context, "dy");
    const gan_tensor *inputs[GAN_MAX_INPUTS];
    gan_node *nodes[GAN_MAX_INPUTS];
    gan_network *network;
    int count = read_inputs(file, context, "", x);
    ok(gan_network_create(&network, context, NULL));
    for (int i = 0; i < count; i++) {
        inputs[i] = x[i];
        nodes[i] = gan_input_layer(network, gan_tensor_rank(x[i]) - 1, gan_tensor_shape(x[i]) + 1, NULL);
    }
    gan_network_output(network, add_layer(file, kind, nodes, count));
    ok(gan_network_build(network));
    load_parameters(file, context, network);
    gan_run *run;
    ok(gan_run_create(&run, network, GAN_TRAINING, gan_tensor_dimension(x[0], 0)));
    ok(gan_run_forward_all(run, inputs, count));
    ok(gan_run_backward(run, dy, GAN_WANT_INPUTS | GAN_WANT_PARAMETERS));
    compare(file, "y", gan_run_output(run, 0));
    compare_gradients(file, "", network, run);
    if (golden_find(file, "ty", NULL, NULL)) check_tangents(file, context, network, x);
    gan_run_free(&run);
    gan_network_free(&network);
    gan_tensor_free(&dy);
    for (int i = 0; i < count; i++) gan_tensor_free(&x[i]);
}
