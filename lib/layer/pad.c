/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/convolution.h"
#include "layer/export.h"
#include "layer/registry.h"
#include "layer/samples.h"
#include "layer/tangent.h"

#include <string.h>

/* A border around a picture: y[o,p,:] = x[from(o - top, H), from(p - left, W),:], where `from` is the number itself
 * inside the picture, and outside what the mode makes of it. Linear: backward adds up what each pixel has become. */

#define MOST_PIXELS (1 << 15)

static const gan_field fields[] = {
    {"top", GAN_FIELD_INT, 0, offsetof(gan_pad_options, top), 0, MOST_PIXELS, 0},
    {"bottom", GAN_FIELD_INT, 0, offsetof(gan_pad_options, bottom), 0, MOST_PIXELS, 0},
    {"left", GAN_FIELD_INT, 0, offsetof(gan_pad_options, left), 0, MOST_PIXELS, 0},
    {"right", GAN_FIELD_INT, 0, offsetof(gan_pad_options, right), 0, MOST_PIXELS, 0},
    {"mode", GAN_FIELD_INT, 0, offsetof(gan_pad_options, mode), 0, GAN_PAD_REFLECT, GAN_PAD_ZERO},
    GAN_FIELD_RESERVED(gan_pad_options),
};

/* Where a number outside of 0 .. size - 1 is taken from, or NOWHERE, which is 0. */
#define NOWHERE (-1)

static int64_t from_nowhere(int64_t i, int64_t size)
{
    (void)i;
    (void)size;
    return NOWHERE;
}

static int64_t from_edge(int64_t i, int64_t size)
{
    return i < 0 ? 0 : size - 1;
}

static int64_t from_mirror(int64_t i, int64_t size)
{
    return i < 0 ? -i : 2 * (size - 1) - i;
}

/* By gan_pad_mode. */
static int64_t (*const outside[])(int64_t i, int64_t size) = {from_nowhere, from_edge, from_mirror};

static int64_t from(int mode, int64_t i, int64_t size)
{
    return i >= 0 && i < size ? i : outside[mode](i, size);
}

static gan_status check_mirror(const gan_layer *layer, const char *what, int64_t size, const char *side, int border)
{
    if (border < size) return GAN_OK;
    return gan_layer_fail(layer, "%s is %d and the input's %s %d; with GAN_PAD_REFLECT it must be less", side, border,
                          what, (int)size);
}

static gan_status check_borders(const gan_layer *layer)
{
    const gan_pad_options *o = layer->options;
    const int64_t *in = layer->input[0].size;
    gan_status status = gan_image_input(layer);
    if (status != GAN_OK || o->mode != GAN_PAD_REFLECT) return status;
    status = check_mirror(layer, "height", in[0], "top", o->top);
    if (status == GAN_OK) status = check_mirror(layer, "height", in[0], "bottom", o->bottom);
    if (status == GAN_OK) status = check_mirror(layer, "width", in[1], "left", o->left);
    return status == GAN_OK ? check_mirror(layer, "width", in[1], "right", o->right) : status;
}

static gan_status infer(gan_layer *layer)
{
    const gan_pad_options *o = layer->options;
    const int64_t *in = layer->input[0].size;
    gan_status status = check_borders(layer);
    if (status != GAN_OK) return status;
    layer->output = (gan_shape){.rank = 3, .size = {in[0] + o->top + o->bottom, in[1] + o->left + o->right, in[2]}};
    return GAN_OK;
}

/* n floats of a row of the output, from `padded` on, and those of the input that they are, or NOWHERE. */
typedef void piece_task(const gan_layer_call *call, int64_t padded, int64_t picture, int64_t n);

static void row_pieces(const gan_layer_call *call, piece_task *task, int64_t padded, int64_t picture)
{
    const gan_pad_options *o = call->layer->options;
    const int64_t w = call->layer->input[0].size[1], c = call->layer->input[0].size[2];
    for (int64_t p = -o->left, n; p < w + o->right; p += n, padded += n * c) {
        int64_t place = picture == NOWHERE ? NOWHERE : from(o->mode, p, w);
        n = p == 0 ? w : 1; /* the picture's row at once */
        task(call, padded, place == NOWHERE ? NOWHERE : picture + place * c, n * c);
    }
}

static void pieces(const gan_layer_call *call, piece_task *task, int64_t begin, int64_t end)
{
    const gan_pad_options *o = call->layer->options;
    const gan_shape *x = &call->layer->input[0], *y = &call->layer->output;
    const int64_t row_in = x->size[1] * x->size[2], row_out = y->size[1] * y->size[2];
    for (int64_t sample = begin; sample < end; sample++)
        for (int64_t row = 0; row < y->size[0]; row++) {
            int64_t place = from(o->mode, row - o->top, x->size[0]);
            row_pieces(call, task, (sample * y->size[0] + row) * row_out,
                       place == NOWHERE ? NOWHERE : (sample * x->size[0] + place) * row_in);
        }
}

static void copy_piece(const gan_layer_call *call, int64_t padded, int64_t picture, int64_t n)
{
    size_t bytes = (size_t)n * sizeof *call->y;
    if (picture == NOWHERE)
        memset(call->y + padded, 0, bytes);
    else
        memcpy(call->y + padded, call->x[0] + picture, bytes);
}

static void add_piece(const gan_layer_call *call, int64_t padded, int64_t picture, int64_t n)
{
    if (picture != NOWHERE) call->kernels->add(call->dx[0] + picture, call->dy + padded, n);
}

static void pad_samples(void *argument, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    pieces(argument, copy_piece, begin, end);
}

static void add_samples(void *argument, int64_t begin, int64_t end, int worker)
{
    const gan_layer_call *call = argument;
    int64_t n = gan_input_floats(call);
    (void)worker;
    memset(call->dx[0] + begin * n, 0, (size_t)((end - begin) * n) * sizeof *call->dx[0]);
    pieces(call, add_piece, begin, end);
}

static void forward(const gan_layer_call *call)
{
    gan_by_samples(call, pad_samples);
}

static void backward(const gan_layer_call *call)
{
    if (call->dx[0]) gan_by_samples(call, add_samples);
}

/* Borders of all dimensions before, then those behind. */
static gan_value export_pad(gan_export *e)
{
    static const char *const modes[] = {"constant", "edge", "reflect"};
    const gan_pad_options *o = e->layer->options;
    gan_order order = gan_export_order(e, 1);
    int h = order == GAN_CHANNELS_FIRST ? 2 : 1;
    int64_t pads[8] = {0};
    pads[h] = o->top;
    pads[h + 1] = o->left;
    pads[4 + h] = o->bottom;
    pads[4 + h + 1] = o->right;
    gan_value y = gan_export_add(e, "Pad", GAN_VALUES(gan_export_input(e, 0, order), gan_export_integers(e, 8, pads)),
                                 GAN_ATTRIBUTES(gan_attribute_text("mode", modes[o->mode])));
    return gan_export_in_order(e, y, order);
}

const gan_layer_type gan_layer_pad = {
    .name = "pad",
    .short_name = "pad",
    .options_size = sizeof(gan_pad_options),
    .fields = fields,
    .field_count = GAN_FIELD_COUNT(fields),
    .traits = GAN_KEEPS_FEATURES,
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .tangent = gan_tangent_linear,
    .tangent_backward = gan_tangent_linear_backward,
    .export = export_pad,
};

gan_node *gan_pad_layer(const gan_pad_options *options)
{
    return gan_layer_node(&gan_layer_pad, options);
}
