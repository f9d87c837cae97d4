/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/convolution.h"

#include <inttypes.h>
#include <limits.h>

/* One direction, height or width, of a convolution. */
struct direction {
    const char *name;
    int64_t in, kernel, stride, before, after;
    int64_t out;
};

/* TensorFlow's "same": out = ceil(in / stride), and the smaller half of the padding comes first. */
static void pad_same(struct direction *d)
{
    int64_t out = (d->in + d->stride - 1) / d->stride;
    int64_t padding = (out - 1) * d->stride + d->kernel - d->in;
    if (padding < 0) padding = 0;
    d->before = padding / 2;
    d->after = padding - d->before;
}

static gan_status infer_direction(const gan_layer *layer, int padding, struct direction *d)
{
    if (d->kernel == 0)
        return gan_layer_fail_option(layer, "kernel is required: kernel, or kernel_h and kernel_w, at least 1");
    if (padding == GAN_PADDING_SAME) pad_same(d);
    int64_t padded = d->in + d->before + d->after;
    if (padded < d->kernel)
        return gan_layer_fail(
            layer, "the kernel's %s %" PRId64 " does not fit into the input's %" PRId64 " with %" PRId64 " of padding",
            d->name, d->kernel, d->in, d->before + d->after);
    d->out = (padded - d->kernel) / d->stride + 1;
    return GAN_OK;
}

gan_status gan_kernel_geometry(const gan_layer *layer, const gan_kernel_options *o, gan_conv_geometry *g)
{
    bool explicit_padding = o->padding == GAN_PADDING_EXPLICIT;
    if (!explicit_padding && (o->pad_top || o->pad_bottom || o->pad_left || o->pad_right))
        return gan_layer_fail_option(layer,
                                     "pad_top, pad_bottom, pad_left and pad_right go with GAN_PADDING_EXPLICIT only");
    struct direction h = {.name = "height",
                          .in = g->in_h,
                          .kernel = o->kernel_h ? o->kernel_h : o->kernel,
                          .stride = o->stride_h ? o->stride_h : o->stride,
                          .before = o->pad_top,
                          .after = o->pad_bottom};
    struct direction w = {.name = "width",
                          .in = g->in_w,
                          .kernel = o->kernel_w ? o->kernel_w : o->kernel,
                          .stride = o->stride_w ? o->stride_w : o->stride,
                          .before = o->pad_left,
                          .after = o->pad_right};
    gan_status status = infer_direction(layer, o->padding, &h);
    if (status == GAN_OK) status = infer_direction(layer, o->padding, &w);
    if (status != GAN_OK) return status;
    g->kernel_h = (int)h.kernel;
    g->kernel_w = (int)w.kernel;
    g->stride_h = (int)h.stride;
    g->stride_w = (int)w.stride;
    g->pad_top = (int)h.before;
    g->pad_left = (int)w.before;
    g->out_h = (int)h.out;
    g->out_w = (int)w.out;
    return GAN_OK;
}

gan_status gan_image_input(const gan_layer *layer)
{
    const gan_shape *x = &layer->input[0];
    char text[GAN_SHAPE_TEXT];
    if (x->rank != 3)
        return gan_layer_fail(layer, "the input is %s; it must be [H,W,C]", gan_shape_text(text, x->rank, x->size));
    for (int i = 0; i < 3; i++)
        if (x->size[i] > GAN_MAX_EXTENT)
            return gan_layer_fail(layer, "the input is %s; at most %d are supported in a dimension",
                                  gan_shape_text(text, x->rank, x->size), GAN_MAX_EXTENT);
    return GAN_OK;
}

gan_status gan_convolution_products(const gan_layer *layer, const gan_conv_geometry *g, int64_t *flops)
{
    int64_t weights, outputs;
    if (g->in_c % g->groups != 0 || g->out_c % g->groups != 0)
        return gan_layer_fail(layer, "groups is %d; it must divide both numbers of channels, %" PRId64 " and %d",
                              g->groups, layer->input[0].size[2],
                              layer->input[0].size[2] == g->in_c ? g->out_c : g->in_c);
    if (__builtin_mul_overflow((int64_t)g->kernel_h * g->kernel_w, (int64_t)g->in_c / g->groups * g->out_c, &weights) ||
        weights > INT64_MAX / 4 || __builtin_mul_overflow((int64_t)g->out_h * g->out_w, 2 * weights, &outputs))
        return gan_layer_fail(layer, "the weight has too many elements");
    *flops = outputs;
    return GAN_OK;
}

static int64_t pad_after(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t before)
{
    int64_t after = (out - 1) * stride + kernel - in - before;
    return after > 0 ? after : 0;
}

gan_export_window gan_export_window_of(const gan_conv_geometry *g)
{
    const int64_t kernel[] = {g->kernel_h, g->kernel_w}, strides[] = {g->stride_h, g->stride_w};
    const int64_t pads[] = {g->pad_top, g->pad_left, pad_after(g->in_h, g->out_h, kernel[0], strides[0], g->pad_top),
                            pad_after(g->in_w, g->out_w, kernel[1], strides[1], g->pad_left)};
    return (gan_export_window){gan_attribute_ints("kernel_shape", 2, kernel), gan_attribute_ints("strides", 2, strides),
                               gan_attribute_ints("pads", 4, pads)};
}

gan_value gan_export_convolution(gan_export *e, const char *type, const gan_attribute *attributes, int count)
{
    gan_value x = gan_export_input(e, 0, GAN_CHANNELS_FIRST), weight = gan_export_kernel(e, 0);
    gan_value bias = e->layer->parameters > 1 ? gan_export_parameter(e, 1) : 0;
    gan_value y = gan_export_add(e, type, GAN_VALUES(x, weight, bias), attributes, count);
    return gan_export_in_order(e, y, GAN_CHANNELS_FIRST);
}
