/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/resize.h"
#include "image/picture.h"
#include "tensor/tensor.h"

#include <math.h>
#include <string.h>

/* A pixel of the result is a weighted mean of the pixels around its place in the source. The weights are a filter of
 * the distance, stretched by the factor where the picture becomes smaller, so that all pixels count and nothing
 * aliases. Rows first, then columns, each by itself. Pillow's resize() and PyTorch's interpolate(antialias=True) are
 * defined so; bytes follow Pillow in rounding, too: weights of 22 bits after the point, bytes between the passes. */
#define WEIGHT_BITS 22

static double box(double x)
{
    return x > -0.5 && x <= 0.5 ? 1 : 0;
}

static double bilinear(double x)
{
    return fabs(x) < 1 ? 1 - fabs(x) : 0;
}

/* Keys, "Cubic convolution interpolation for digital image processing", 1981, with a = -1/2. */
static double bicubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static double sinc(double x)
{
    const double pi = 3.14159265358979323846;
    return x == 0 ? 1 : sin(pi * x) / (pi * x);
}

/* Duchon, "Lanczos filtering in one and two dimensions", 1979. */
static double lanczos(double x)
{
    return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

static const struct {
    double (*at)(double x);
    double support; /* beyond it the filter is zero */
} filters[] = {
    [GAN_IMAGE_BILINEAR] = {bilinear, 1},
    [GAN_IMAGE_BOX] = {box, 0.5},
    [GAN_IMAGE_BICUBIC] = {bicubic, 2},
    [GAN_IMAGE_LANCZOS] = {lanczos, 3},
};

/* For each wanted pixel, `taps[i]` pixels from `first[i]` on with weights[i * most], .... */
struct weights {
    int most;
    int *first, *taps;
    double *real;
    int32_t *fixed;
};

static void release_weights(struct weights *weights, gan_context *context)
{
    gan_context_release(context, weights->fixed);
    gan_context_release(context, weights->real);
    gan_context_release(context, weights->first);
}

static void weigh(const struct weights *weights, const gan_resize_axis *axis, gan_image_filter filter, int i)
{
    const double scale = (double)axis->source / (double)axis->full, stretch = scale > 1 ? scale : 1;
    const double support = filters[filter].support * stretch, centre = ((double)(axis->first + i) + 0.5) * scale;
    int first = (int)(centre - support + 0.5), last = (int)(centre + support + 0.5);
    first = first < 0 ? 0 : first;
    last = last > axis->source ? axis->source : last;
    double *real = weights->real + (size_t)i * (size_t)weights->most, sum = 0;
    for (int k = first; k < last; k++) sum += real[k - first] = filters[filter].at((k - centre + 0.5) / stretch);
    for (int k = 0; k < last - first; k++) {
        if (sum != 0) real[k] /= sum;
        double fixed = real[k] * (1 << WEIGHT_BITS);
        weights->fixed[(size_t)i * (size_t)weights->most + (size_t)k] =
            (int32_t)(fixed < 0 ? fixed - 0.5 : fixed + 0.5);
    }
    weights->first[i] = first;
    weights->taps[i] = last - first;
}

static gan_status make_weights(struct weights *weights, gan_context *context, const gan_resize_axis *axis,
                               gan_image_filter filter)
{
    const double scale = (double)axis->source / (double)axis->full;
    size_t count = (size_t)axis->count, all;
    *weights = (struct weights){.most = (int)ceil(filters[filter].support * (scale > 1 ? scale : 1)) * 2 + 1};
    if (!gan_size_multiply(count, (size_t)weights->most, &all)) all = SIZE_MAX;
    weights->first = gan_context_allocate(context, 2 * count, sizeof(int), "a filter's places");
    weights->real = gan_context_allocate(context, all, sizeof(double), "a filter's weights");
    weights->fixed = gan_context_allocate(context, all, sizeof(int32_t), "a filter's weights");
    if (!weights->first || !weights->real || !weights->fixed) {
        release_weights(weights, context);
        return GAN_ERROR_OUT_OF_MEMORY;
    }
    weights->taps = weights->first + count;
    for (int i = 0; i < axis->count; i++) weigh(weights, axis, filter, i);
    return GAN_OK;
}

static unsigned char clip(int64_t sum)
{
    sum >>= WEIGHT_BITS;
    return (unsigned char)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

static void mix_bytes(unsigned char *target, const unsigned char *source, size_t step, const int32_t *weight, int taps)
{
    for (size_t k = 0; k < step; k++) {
        int64_t sum = (int64_t)1 << (WEIGHT_BITS - 1);
        for (int t = 0; t < taps; t++) sum += (int64_t)source[(size_t)t * step + k] * weight[t];
        target[k] = clip(sum);
    }
}

static void mix_floats(float *target, const float *source, size_t step, const double *weight, int taps)
{
    for (size_t k = 0; k < step; k++) {
        double sum = 0;
        for (int t = 0; t < taps; t++) sum += (double)source[(size_t)t * step + k] * weight[t];
        target[k] = (float)sum;
    }
}

/* A change of size under way. */
struct resize {
    gan_context *context;
    const gan_resize_axis *vertical, *horizontal;
    gan_image_filter filter;
    bool floats;
    size_t channels;
};

static size_t value_size(const struct resize *r)
{
    return r->floats ? sizeof(float) : 1;
}

/* Things of `step` values each: thing i of the target from things of the source, of which the first is `origin`. The
 * pixels of a row are such things, and so are the rows of a picture. */
static void mix(const struct resize *r, const struct weights *w, int count, int origin, size_t step, void *target,
                const void *source)
{
    for (int i = 0; i < count; i++) {
        size_t to = (size_t)i * step, from = (size_t)(w->first[i] - origin) * step;
        size_t place = (size_t)i * (size_t)w->most;
        if (r->floats)
            mix_floats((float *)target + to, (const float *)source + from, step, w->real + place, w->taps[i]);
        else
            mix_bytes((unsigned char *)target + to, (const unsigned char *)source + from, step, w->fixed + place,
                      w->taps[i]);
    }
}

static bool changes(const gan_resize_axis *axis)
{
    return axis->source != axis->full;
}

/* Rows begin..end-1 of the source, in their new width. */
static gan_status mix_rows(const struct resize *r, void *target, const void *source, int begin, int end)
{
    const gan_resize_axis *axis = r->horizontal;
    size_t from = (size_t)axis->source * r->channels * value_size(r);
    size_t to = (size_t)axis->count * r->channels * value_size(r);
    size_t left = (size_t)axis->first * r->channels * value_size(r);
    struct weights weights = {0};
    if (changes(axis) && make_weights(&weights, r->context, axis, r->filter) != GAN_OK) return GAN_ERROR_OUT_OF_MEMORY;
    for (int y = begin; y < end; y++) {
        unsigned char *row = (unsigned char *)target + (size_t)(y - begin) * to;
        const unsigned char *line = (const unsigned char *)source + (size_t)y * from;
        if (changes(axis))
            mix(r, &weights, axis->count, 0, r->channels, row, line);
        else
            memcpy(row, line + left, to);
    }
    release_weights(&weights, r->context);
    return GAN_OK;
}

/* Both passes, by way of the rows that the second one looks at. */
static gan_status mix_both(const struct resize *r, void *target, const void *source, const struct weights *weights)
{
    const gan_resize_axis *axis = r->vertical;
    int begin = weights->first[0], end = weights->first[axis->count - 1] + weights->taps[axis->count - 1];
    size_t row = (size_t)r->horizontal->count * r->channels;
    void *rows = gan_context_allocate(r->context, (size_t)(end - begin), row * value_size(r), "rows of a picture");
    gan_status status = rows ? mix_rows(r, rows, source, begin, end) : GAN_ERROR_OUT_OF_MEMORY;
    if (status == GAN_OK) mix(r, weights, axis->count, begin, row, target, rows);
    gan_context_release(r->context, rows);
    return status;
}

gan_status gan_resize_pixels(gan_context *context, void *target, const void *source, bool floats, int channels,
                             const gan_resize_axis *vertical, const gan_resize_axis *horizontal,
                             gan_image_filter filter)
{
    const struct resize r = {context, vertical, horizontal, filter, floats, (size_t)channels};
    if (!changes(vertical))
        return mix_rows(&r, target, source, (int)vertical->first, (int)vertical->first + vertical->count);
    struct weights weights;
    gan_status status = make_weights(&weights, context, vertical, filter);
    if (status != GAN_OK) return status;
    status = mix_both(&r, target, source, &weights);
    release_weights(&weights, context);
    return status;
}

static gan_status check(const gan_tensor *target, const gan_tensor *source, gan_image_filter filter)
{
    char to[GAN_TENSOR_TEXT], from[GAN_TENSOR_TEXT];
    if (!target || !source)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_image_resize: %s is NULL", target ? "source" : "target");
    if ((int)filter < GAN_IMAGE_BILINEAR || (int)filter > GAN_IMAGE_LANCZOS)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "gan_image_resize: filter is %d; it must be a gan_image_filter, 0 to %d", (int)filter,
                        GAN_IMAGE_LANCZOS);
    bool fits = source->type != GAN_INT32 && target->type == source->type && target->rank == source->rank &&
                (source->rank == 3 || source->rank == 4) &&
                (source->rank == 3 || target->shape[0] == source->shape[0]) &&
                target->shape[source->rank - 1] == source->shape[source->rank - 1];
    for (int i = source->rank == 4; fits && i < source->rank; i++)
        fits = source->shape[i] <= GAN_PICTURE_SIDE && target->shape[i] <= GAN_PICTURE_SIDE;
    if (!fits)
        return gan_fail(GAN_ERROR_SHAPE,
                        "gan_image_resize: from %s to %s; both must be uint8 or both float, [H,W,C] or [N,H,W,C] with "
                        "the same N and C, and no more than %d pixels a side",
                        gan_tensor_text(from, source), gan_tensor_text(to, target), GAN_PICTURE_SIDE);
    return GAN_OK;
}

gan_status gan_image_resize(gan_tensor *target, const gan_tensor *source, gan_image_filter filter)
{
    gan_status status = check(target, source, filter);
    if (status != GAN_OK) return status;
    const int64_t *from = source->shape + source->rank - 3, *to = target->shape + source->rank - 3;
    const gan_resize_axis vertical = {(int)from[0], (int)to[0], to[0], 0};
    const gan_resize_axis horizontal = {(int)from[1], (int)to[1], to[1], 0};
    size_t value = gan_type_size(source->type);
    size_t step = (size_t)(to[0] * to[1] * to[2]) * value, stride = (size_t)(from[0] * from[1] * from[2]) * value;
    int64_t count = source->rank == 4 ? source->shape[0] : 1;
    for (int64_t i = 0; status == GAN_OK && i < count; i++)
        status = gan_resize_pixels(source->context, (unsigned char *)target->data + (size_t)i * step,
                                   (const unsigned char *)source->data + (size_t)i * stride,
                                   source->type == GAN_FLOAT32, (int)from[2], &vertical, &horizontal, filter);
    return status;
}
