/* SPDX-License-Identifier: BSD-2-Clause */
#include <gan/arithmetic.h>
#include <gan/block.h>

#include "layer/convolution.h"
#include "layer/registry.h"

#include <stdio.h>

/* Blocks add layers by the public calls. A node that is NULL runs through them without another call, so that the first
 * error is also the last. */

#define NAME_SIZE 96 /* longer than a name may be: the layer says so */

/* "NAME_part", or NULL for a name of the network's choice. */
static const char *part_name(char text[NAME_SIZE], const char *name, const char *part)
{
    if (!name) return NULL;
    snprintf(text, NAME_SIZE, "%.80s_%s", name, part);
    return text;
}

/* Reads options of `size` into `target`, whose `input` is that of the network that remembers an error. */
static bool read_options(void *target, size_t size, const void *given, const char *what, const gan_field *fields,
                         int count)
{
    const gan_layer_options *common = given;
    gan_status status = GAN_OK;
    if (!given || !common->input)
        status = gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: the %s NULL", what, given ? "input is" : "options are");
    else
        status = gan_options_read(target, size, given, what, fields, count);
    if (status != GAN_OK) gan_layer_refuse(given ? common->input : NULL, status);
    return status == GAN_OK;
}

/* The channels divided, as a number of filters; an input that has none is for the convolution to refuse. */
static int filters_of(const gan_node *input, int64_t divisor)
{
    int64_t filters = gan_node_dimension(input, 2) / divisor;
    return filters < 1 ? 1 : filters > GAN_MAX_EXTENT ? GAN_MAX_EXTENT : (int)filters;
}

static gan_node *sum_of(gan_node *a, gan_node *b, const char *name)
{
    return a && b ? gan_add_layer((gan_node *[]){a, b}, 2, name) : NULL;
}

static const gan_field residual_fields[] = {
    {"filters", GAN_FIELD_INT, 0, offsetof(gan_residual_block_options, filters), 1, GAN_MAX_EXTENT, 0},
    {"hidden", GAN_FIELD_INT, 0, offsetof(gan_residual_block_options, hidden), 1, GAN_MAX_EXTENT, 0},
    {"kernel", GAN_FIELD_INT, 0, offsetof(gan_residual_block_options, kernel), 1, 1 << 15, 3},
    {"resample", GAN_FIELD_INT, 0, offsetof(gan_residual_block_options, resample), 0, GAN_RESAMPLE_DOWN, 0},
    {"interpolation", GAN_FIELD_INT, 0, offsetof(gan_residual_block_options, interpolation), 0,
     GAN_INTERPOLATION_BILINEAR, GAN_INTERPOLATION_NEAREST},
    {"norm", GAN_FIELD_INT, 0, offsetof(gan_residual_block_options, norm), 0, GAN_BLOCK_NORM_BATCH,
     GAN_BLOCK_NORM_NONE},
    {"activation", GAN_FIELD_INT, 0, offsetof(gan_residual_block_options, activation), 0, GAN_BLOCK_LEAKY_RELU,
     GAN_BLOCK_RELU},
    {"slope", GAN_FIELD_FLOAT, 0, offsetof(gan_residual_block_options, slope), 0, 1, 0.2},
    GAN_FIELD_RESERVED(gan_residual_block_options),
};

static gan_node *no_norm(gan_node *x, const char *name)
{
    (void)name;
    return x;
}

static gan_node *batch_norm(gan_node *x, const char *name)
{
    return gan_batch_norm(x, .name = name);
}

/* By gan_block_norm and gan_block_activation. */
static gan_node *(*const norms[])(gan_node *x, const char *name) = {no_norm, batch_norm};

static gan_node *relu(gan_node *x, float slope)
{
    (void)slope;
    return gan_relu(x);
}

static gan_node *leaky_relu(gan_node *x, float slope)
{
    return gan_leaky_relu(x, .slope = slope == 0 ? GAN_ZERO : slope);
}

static gan_node *(*const activations[])(gan_node *x, float slope) = {relu, leaky_relu};

typedef struct gan_residual_block_options block_options;

static gan_node *normalized_activation(gan_node *x, const block_options *o, const char *part)
{
    char text[NAME_SIZE];
    if (!x) return NULL;
    x = o->normalize ? o->normalize(x, o->argument) : norms[o->norm](x, part_name(text, o->name, part));
    return x ? activations[o->activation](x, o->slope) : NULL;
}

static gan_node *convolution(gan_node *x, const block_options *o, int filters, int kernel, gan_initializer weights,
                             const char *part)
{
    char text[NAME_SIZE];
    if (!x) return NULL;
    return gan_conv2d(x, .name = part_name(text, o->name, part), .filters = filters, .kernel = kernel,
                      .padding = GAN_PADDING_SAME, .weights = weights, .spectral_norm = o->spectral_norm);
}

static gan_node *up(gan_node *x, const block_options *o)
{
    return x && o->resample == GAN_RESAMPLE_UP ? gan_upsample(x, .interpolation = o->interpolation) : x;
}

static gan_node *down(gan_node *x, const block_options *o)
{
    return x && o->resample == GAN_RESAMPLE_DOWN ? gan_average_pool(x, .kernel = 2) : x;
}

/* A 1x1 convolution looks at one pixel, and the weights of up and down add up to 1, so that they can change places: the
 * convolution works on the smaller picture. */
static gan_node *shortcut(const block_options *o)
{
    if (o->resample == GAN_RESAMPLE_NONE && o->filters == gan_node_dimension(o->input, 2)) return o->input;
    return up(convolution(down(o->input, o), o, o->filters, 1, o->shortcut_weights, "shortcut"), o);
}

gan_node *gan_residual_block_layer(const gan_residual_block_options *given)
{
    block_options o;
    if (!read_options(&o, sizeof o, given, "gan_residual_block", residual_fields, GAN_FIELD_COUNT(residual_fields)))
        return NULL;
    if (!o.filters) o.filters = filters_of(o.input, 1);
    if (!o.hidden) o.hidden = o.resample == GAN_RESAMPLE_DOWN && !o.first ? filters_of(o.input, 1) : o.filters;
    gan_node *x = o.first ? o.input : normalized_activation(o.input, &o, "norm1");
    x = convolution(up(x, &o), &o, o.hidden, o.kernel, o.weights, "conv1");
    x = convolution(normalized_activation(x, &o, "norm2"), &o, o.filters, o.kernel, o.weights, "conv2");
    x = down(x, &o);
    return sum_of(x ? shortcut(&o) : NULL, x, o.name);
}

static const gan_field attention_fields[] = {
    {"filters", GAN_FIELD_INT, 0, offsetof(gan_self_attention_options, filters), 1, GAN_MAX_EXTENT, 0},
    {"value_filters", GAN_FIELD_INT, 0, offsetof(gan_self_attention_options, value_filters), 1, GAN_MAX_EXTENT, 0},
    GAN_FIELD_RESERVED(gan_self_attention_options),
};

static gan_node *projection(gan_node *x, const gan_self_attention_options *o, int filters, const char *part)
{
    char text[NAME_SIZE];
    if (!x) return NULL;
    return gan_conv2d(x, .name = part_name(text, o->name, part), .filters = filters, .kernel = 1, .no_bias = true,
                      .weights = o->weights, .spectral_norm = o->spectral_norm);
}

static gan_node *pooled(gan_node *x, const gan_self_attention_options *o)
{
    return o->no_pool || !x ? x : gan_max_pool(x, .kernel = 2);
}

gan_node *gan_self_attention_layer(const gan_self_attention_options *given)
{
    char text[NAME_SIZE];
    gan_self_attention_options o;
    if (!read_options(&o, sizeof o, given, "gan_self_attention", attention_fields, GAN_FIELD_COUNT(attention_fields)))
        return NULL;
    if (!o.filters) o.filters = filters_of(o.input, 8);
    if (!o.value_filters) o.value_filters = filters_of(o.input, 2);
    gan_node *query = projection(o.input, &o, o.filters, "query");
    gan_node *key = pooled(projection(o.input, &o, o.filters, "key"), &o);
    gan_node *value = pooled(projection(o.input, &o, o.value_filters, "value"), &o);
    gan_node *x = query && key && value ? gan_attention(query, .key = key, .value = value) : NULL;
    x = projection(x, &o, filters_of(o.input, 1), "out");
    if (x) x = gan_scale(x, .name = part_name(text, o.name, "gate"));
    return sum_of(o.input, x, o.name);
}
