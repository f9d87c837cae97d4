/* SPDX-License-Identifier: BSD-2-Clause */
#include "data/prepare.h"
#include "image/resize.h"

gan_preparation gan_preparation_of(const gan_dataset_options *options, int height, int width, int channels)
{
    return (gan_preparation){
        .height = options->height ? options->height : height,
        .width = options->width ? options->width : width,
        .channels = options->channels ? options->channels : channels,
        .fit = (gan_fit)options->fit,
        .filter = (gan_image_filter)options->filter,
    };
}

/* The centre of what covers the whole: one axis fits exactly, the other one is as long or longer. */
static void fit(const gan_preparation *p, int height, int width, gan_resize_axis *vertical, gan_resize_axis *horizontal)
{
    int64_t full_height = p->height, full_width = p->width;
    if (p->fit == GAN_FIT_CROP) {
        if ((int64_t)p->height * width >= (int64_t)p->width * height)
            full_width = (int64_t)width * p->height / height;
        else
            full_height = (int64_t)height * p->width / width;
    }
    *vertical = (gan_resize_axis){height, p->height, full_height, (full_height - p->height) / 2};
    *horizontal = (gan_resize_axis){width, p->width, full_width, (full_width - p->width) / 2};
}

/* Grey is the luma of ITU-R BT.601, of bytes as Pillow has it: weights of 16 bits after the point. */
static void grey_bytes(unsigned char *to, const unsigned char *from, int64_t pixels)
{
    for (int64_t i = 0; i < pixels; i++, from += 3)
        to[i] = (unsigned char)((19595 * from[0] + 38470 * from[1] + 7471 * from[2] + 32768) >> 16);
}

static void grey_floats(float *to, const float *from, int64_t pixels)
{
    for (int64_t i = 0; i < pixels; i++, from += 3) to[i] = 0.299f * from[0] + 0.587f * from[1] + 0.114f * from[2];
}

static void colour_bytes(unsigned char *to, const unsigned char *from, int64_t pixels)
{
    for (int64_t i = 0; i < 3 * pixels; i++) to[i] = from[i / 3];
}

static void colour_floats(float *to, const float *from, int64_t pixels)
{
    for (int64_t i = 0; i < 3 * pixels; i++) to[i] = from[i / 3];
}

static void convert(void *to, const void *from, bool floats, int channels, int64_t pixels)
{
    if (floats)
        (channels == 1 ? grey_floats : colour_floats)(to, from, pixels);
    else
        (channels == 1 ? grey_bytes : colour_bytes)(to, from, pixels);
}

/* Resized first, as that leaves fewer pixels to convert. */
gan_status gan_prepare_picture(const gan_preparation *p, gan_context *context, void *target, const void *source,
                               bool floats, int height, int width, int channels)
{
    gan_resize_axis vertical, horizontal;
    fit(p, height, width, &vertical, &horizontal);
    if (channels == p->channels)
        return gan_resize_pixels(context, target, source, floats, channels, &vertical, &horizontal, p->filter);
    size_t pixels = (size_t)p->height * (size_t)p->width;
    void *resized = gan_context_allocate(context, pixels * (size_t)channels, floats ? sizeof(float) : 1,
                                         "a picture of another size");
    if (!resized) return GAN_ERROR_OUT_OF_MEMORY;
    gan_status status =
        gan_resize_pixels(context, resized, source, floats, channels, &vertical, &horizontal, p->filter);
    if (status == GAN_OK) convert(target, resized, floats, p->channels, (int64_t)pixels);
    gan_context_release(context, resized);
    return status;
}
