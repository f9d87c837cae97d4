/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/convolution.h"
#include "layer/export.h"
#include "layer/registry.h"
#include "layer/samples.h"
#include "layer/tangent.h"

#include <inttypes.h>

/* Upsampling, and channels as pixels: linear layers, whose backward pass is their transpose. */

#define MOST_FACTOR (1 << 15)

static const gan_field upsample_fields[] = {
    {"factor", GAN_FIELD_INT, 0, offsetof(gan_upsample_options, factor), 1, MOST_FACTOR, 2},
    {"factor_h", GAN_FIELD_INT, 0, offsetof(gan_upsample_options, factor_h), 1, MOST_FACTOR, 0},
    {"factor_w", GAN_FIELD_INT, 0, offsetof(gan_upsample_options, factor_w), 1, MOST_FACTOR, 0},
    {"interpolation", GAN_FIELD_INT, 0, offsetof(gan_upsample_options, interpolation), 0, GAN_INTERPOLATION_BILINEAR,
     GAN_INTERPOLATION_NEAREST},
};

static gan_resize resize_of(const gan_layer *layer)
{
    const gan_upsample_options *options = layer->options;
    const int64_t *in = layer->input[0].size;
    return (gan_resize){.in_h = in[0],
                        .in_w = in[1],
                        .c = in[2],
                        .factor_h = options->factor_h ? options->factor_h : options->factor,
                        .factor_w = options->factor_w ? options->factor_w : options->factor,
                        .bilinear = options->interpolation == GAN_INTERPOLATION_BILINEAR};
}

static gan_status infer_upsample(gan_layer *layer)
{
    gan_status status = gan_image_input(layer);
    if (status != GAN_OK) return status;
    gan_resize r = resize_of(layer);
    layer->output = (gan_shape){.rank = 3, .size = {r.in_h * r.factor_h, r.in_w * r.factor_w, r.c}};
    return GAN_OK;
}

static void upsample_samples(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    const gan_resize r = resize_of(call->layer);
    (void)worker;
    call->kernels->upsample(call->y + begin * gan_output_floats(call), call->x[0] + begin * gan_input_floats(call), &r,
                            end - begin);
}

static void upsample_adjoint_samples(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    const gan_resize r = resize_of(call->layer);
    (void)worker;
    call->kernels->upsample_adjoint(call->dx[0] + begin * gan_input_floats(call),
                                    call->dy + begin * gan_output_floats(call), &r, end - begin);
}

static const gan_field shuffle_fields[] = {
    {"block", GAN_FIELD_INT, 0, offsetof(gan_pixel_shuffle_options, block), 1, MOST_FACTOR, 2},
    {"order", GAN_FIELD_INT, 0, offsetof(gan_pixel_shuffle_options, order), 0, GAN_SHUFFLE_BLOCKS_FIRST,
     GAN_SHUFFLE_CHANNELS_FIRST},
};

/* The deep picture is the input of pixel_shuffle, and the output of pixel_unshuffle. */
static gan_shuffle shuffle_of(const gan_layer *layer)
{
    const gan_pixel_shuffle_options *options = layer->options;
    bool widens = layer->type == &gan_layer_pixel_shuffle;
    const int64_t *deep = widens ? layer->input[0].size : layer->output.size, area = options->block * options->block;
    return (gan_shuffle){.h = deep[0],
                         .w = deep[1],
                         .c = deep[2] / area,
                         .block = options->block,
                         .channels_first = options->order == GAN_SHUFFLE_CHANNELS_FIRST};
}

static gan_status infer_shuffle(gan_layer *layer)
{
    const gan_pixel_shuffle_options *options = layer->options;
    gan_status status = gan_image_input(layer);
    if (status != GAN_OK) return status;
    const int64_t *in = layer->input[0].size, block = options->block, area = block * block;
    if (in[2] % area != 0)
        return gan_layer_fail(layer,
                              "the input has %" PRId64 " channels; they must be a multiple of block * block, %" PRId64,
                              in[2], area);
    layer->output = (gan_shape){.rank = 3, .size = {in[0] * block, in[1] * block, in[2] / area}};
    return GAN_OK;
}

static gan_status infer_unshuffle(gan_layer *layer)
{
    const gan_pixel_shuffle_options *options = layer->options;
    gan_status status = gan_image_input(layer);
    if (status != GAN_OK) return status;
    const int64_t *in = layer->input[0].size, block = options->block;
    if (in[0] % block != 0 || in[1] % block != 0)
        return gan_layer_fail(layer,
                              "the input is %" PRId64 " x %" PRId64 "; both must be multiples of the block, %" PRId64,
                              in[0], in[1], block);
    layer->output = (gan_shape){.rank = 3, .size = {in[0] / block, in[1] / block, in[2] * block * block}};
    return GAN_OK;
}

static void widen(const gan_layer_call *call, float *wide, const float *deep, int64_t begin, int64_t end)
{
    const gan_shuffle s = shuffle_of(call->layer);
    int64_t first = begin * gan_output_floats(call); /* as many as those of the input */
    call->kernels->depth_to_space(wide + first, deep + first, &s, end - begin);
}

static void deepen(const gan_layer_call *call, float *deep, const float *wide, int64_t begin, int64_t end)
{
    const gan_shuffle s = shuffle_of(call->layer);
    int64_t first = begin * gan_output_floats(call);
    call->kernels->space_to_depth(deep + first, wide + first, &s, end - begin);
}

#define SHUFFLE_SAMPLES(name, move, target, source)                          \
    static void name(void *argument, int64_t begin, int64_t end, int worker) \
    {                                                                        \
        const gan_layer_call *call = argument;                               \
        (void)worker;                                                        \
        move(call, call->target, call->source, begin, end);                  \
    }
SHUFFLE_SAMPLES(pixel_shuffle_samples, widen, y, x[0])
SHUFFLE_SAMPLES(pixel_shuffle_adjoint_samples, deepen, dx[0], dy)
SHUFFLE_SAMPLES(pixel_unshuffle_samples, deepen, y, x[0])
SHUFFLE_SAMPLES(pixel_unshuffle_adjoint_samples, widen, dx[0], dy)

static gan_value export_upsample(gan_export *e)
{
    const gan_resize r = resize_of(e->layer);
    float *scales;
    gan_value x = gan_export_input(e, 0, GAN_CHANNELS_FIRST);
    gan_value by = gan_export_floats(e, NULL, 1, (int64_t[]){4}, &scales);
    for (int i = 0; scales && i < 4; i++) scales[i] = i < 2 ? 1 : (float)(i == 2 ? r.factor_h : r.factor_w);
    gan_value y = gan_export_add(
        e, "Resize", GAN_VALUES(x, 0, by),
        GAN_ATTRIBUTES(gan_attribute_text("mode", r.bilinear ? "linear" : "nearest"),
                       gan_attribute_text("coordinate_transformation_mode", r.bilinear ? "half_pixel" : "asymmetric"),
                       gan_attribute_text("nearest_mode", "floor")));
    return gan_export_in_order(e, y, GAN_CHANNELS_FIRST);
}

static gan_value export_pixel_shuffle(gan_export *e)
{
    const gan_shuffle s = shuffle_of(e->layer);
    gan_value x = gan_export_input(e, 0, GAN_CHANNELS_FIRST);
    gan_value y = gan_export_add(e, "DepthToSpace", GAN_VALUES(x),
                                 GAN_ATTRIBUTES(gan_attribute_int("blocksize", s.block),
                                                gan_attribute_text("mode", s.channels_first ? "CRD" : "DCR")));
    return gan_export_in_order(e, y, GAN_CHANNELS_FIRST);
}

/* ONNX's SpaceToDepth knows one of the orders; both are a picture's rows and columns in blocks, turned. */
static gan_value export_pixel_unshuffle(gan_export *e)
{
    const gan_shuffle s = shuffle_of(e->layer);
    static const int64_t orders[][6] = {{0, 1, 3, 2, 4, 5}, {0, 1, 3, 5, 2, 4}};
    gan_value x = gan_export_input(e, 0, GAN_CHANNELS_LAST);
    x = gan_export_reshape(e, x, GAN_SHAPE(0, s.h, s.block, s.w, s.block, s.c));
    x = gan_export_add(e, "Transpose", GAN_VALUES(x),
                       GAN_ATTRIBUTES(gan_attribute_ints("perm", 6, orders[s.channels_first])));
    return gan_export_as_output(e, x, GAN_CHANNELS_LAST);
}

#define RESIZE(layer, abbreviation, struct_name, field_table, infer_function) \
    static void layer##_forward(const gan_layer_call *call)                   \
    {                                                                         \
        gan_by_samples(call, layer##_samples);                                \
    }                                                                         \
    static void layer##_backward(const gan_layer_call *call)                  \
    {                                                                         \
        if (call->dx[0]) gan_by_samples(call, layer##_adjoint_samples);       \
    }                                                                         \
    const gan_layer_type gan_layer_##layer = {                                \
        .name = #layer,                                                       \
        .short_name = abbreviation,                                           \
        .options_size = sizeof(struct_name),                                  \
        .fields = field_table,                                                \
        .field_count = GAN_FIELD_COUNT(field_table),                          \
        .infer = infer_function,                                              \
        .forward = layer##_forward,                                           \
        .backward = layer##_backward,                                         \
        .tangent = gan_tangent_linear,                                        \
        .tangent_backward = gan_tangent_linear_backward,                      \
        .export = export_##layer,                                             \
    };                                                                        \
    gan_node *gan_##layer##_layer(const struct_name *options)                 \
    {                                                                         \
        return gan_layer_node(&gan_layer_##layer, options);                   \
    }
RESIZE(upsample, "upsample", gan_upsample_options, upsample_fields, infer_upsample)
RESIZE(pixel_shuffle, "shuffle", gan_pixel_shuffle_options, shuffle_fields, infer_shuffle)
RESIZE(pixel_unshuffle, "unshuffle", gan_pixel_shuffle_options, shuffle_fields, infer_unshuffle)
