/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/convolution.h"
#include "layer/export.h"
#include "layer/registry.h"
#include "layer/samples.h"

#include <math.h>
#include <string.h>

/* y = weight[x, :]. Several samples may be of one class: the gradient's work is cut by columns, and each task adds up
 * all samples in their order. In x the layer is constant but for jumps, so that its tangent is zero. */

#define COLUMNS 64 /* a task */

static const gan_field fields[] = {
    {"classes", GAN_FIELD_INT, GAN_FIELD_REQUIRED, offsetof(gan_embedding_options, classes), 1, GAN_MAX_EXTENT, 0},
    {"dim", GAN_FIELD_INT, GAN_FIELD_REQUIRED, offsetof(gan_embedding_options, dim), 1, GAN_MAX_EXTENT, 0},
    {"weights", GAN_FIELD_INITIALIZER, 0, offsetof(gan_embedding_options, weights), 0, 0, GAN_INITIALIZER_DEFAULT},
    GAN_FIELD_RESERVED(gan_embedding_options),
};

static const gan_forms forms = {.keras = {"embeddings"}, .axes = {[1] = GAN_AXIS_OUTPUT}};

static gan_status infer(gan_layer *layer)
{
    const gan_embedding_options *options = layer->options;
    char text[GAN_SHAPE_TEXT];
    if (gan_shape_elements(&layer->input[0]) != 1 || layer->input[0].rank != 1)
        return gan_layer_fail(layer, "the input is %s; it must be [1], the number of a class",
                              gan_shape_text(text, layer->input[0].rank, layer->input[0].size));
    layer->output = (gan_shape){.rank = 1, .size = {options->dim}};
    gan_slot weight = {.shape = {2, {options->classes, options->dim}},
                       .initializer = options->weights,
                       .fan_in = options->classes,
                       .fan_out = options->dim,
                       .forms = &forms};
    gan_layer_add_weight(layer, weight, options->dim, NULL);
    return GAN_OK;
}

static void look_up(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    const gan_embedding_options *options = call->layer->options;
    (void)worker;
    call->kernels->embedding(call->y + begin * options->dim, call->parameter[0], call->x[0] + begin, end - begin,
                             options->classes, options->dim);
}

static void add_columns(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    const gan_embedding_options *options = call->layer->options;
    (void)worker;
    call->kernels->embedding_gradient(call->gradient[0], call->dy, call->x[0], call->batch, options->classes,
                                      options->dim, begin, end - begin);
}

static void forward(const gan_layer_call *call)
{
    gan_by_samples(call, look_up);
}

static void backward(const gan_layer_call *call)
{
    if (call->gradient[0]) gan_pool_ranges(call->pool, add_columns, (void *)call, gan_output_floats(call), COLUMNS);
    gan_layer_parameters_done(call);
    if (call->dx[0]) memset(call->dx[0], 0, (size_t)call->batch * sizeof *call->dx[0]);
}

static void tangent(const gan_layer_call *call)
{
    memset(call->ty, 0, (size_t)(call->batch * gan_output_floats(call)) * sizeof *call->ty);
}

static void tangent_backward(const gan_layer_call *call)
{
    if (call->dtx[0]) memset(call->dtx[0], 0, (size_t)call->batch * sizeof *call->dtx[0]);
    if (call->dy) backward(call);
}

/* A number that is no class is looked up as 0, and its row then made NaN. */
static gan_value export_embedding(gan_export *e)
{
    const gan_embedding_options *options = e->layer->options;
    gan_value x = gan_export_input(e, 0, GAN_CHANNELS_LAST), weight = gan_export_parameter(e, 0);
    gan_value zero = gan_export_number(e, 0), last = gan_export_number(e, (float)(options->classes - 1));
    gan_value nothing = gan_export_number(e, NAN);
    gan_value class = gan_export_operator(e, "Floor", gan_export_operator(e, "Clip", x, zero, last));
    gan_value valid = gan_export_operator(e, "Equal", x, class);
    class = gan_export_operator(e, "Where", valid, x, zero);
    class = gan_export_add(e, "Cast", GAN_VALUES(class), GAN_ATTRIBUTES(gan_attribute_int("to", GAN_ELEMENT_INT64)));
    gan_value row =
        gan_export_add(e, "Gather", GAN_VALUES(weight, class), GAN_ATTRIBUTES(gan_attribute_int("axis", 0)));
    return gan_export_operator(e, "Where", valid, gan_export_as_output(e, row, GAN_CHANNELS_LAST), nothing);
}

const gan_layer_type gan_layer_embedding = {
    .name = "embedding",
    .short_name = "embedding",
    .options_size = sizeof(gan_embedding_options),
    .fields = fields,
    .field_count = GAN_FIELD_COUNT(fields),
    .traits = GAN_READS_X,
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .tangent = tangent,
    .tangent_backward = tangent_backward,
    .export = export_embedding,
};

gan_node *gan_embedding_layer(const gan_embedding_options *options)
{
    return gan_layer_node(&gan_layer_embedding, options);
}
