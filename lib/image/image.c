/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/image.h"
#include "core/file.h"
#include "core/options.h"

#include <string.h>

#define MAX_SIDE (1 << 15)

/* Round (x + 1) * 127.5 to 0..255, halves to even; NaN is 0. */
static unsigned char byte_of(float x)
{
    float value = (x + 1) * 127.5f;
    if (!(value > 0)) return 0; /* and NaN */
    if (value >= 255) return 255;
    int whole = (int)value;
    float rest = value - (float)whole;
    return (unsigned char)(whole + (rest > 0.5f || (rest == 0.5f && (whole & 1))));
}

gan_status gan_image_to_bytes(gan_tensor *bytes, const gan_tensor *images)
{
    if (!bytes || !images)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_image_to_bytes: %s are NULL", bytes ? "images" : "bytes");
    bool same = bytes->rank == images->rank &&
                memcmp(bytes->shape, images->shape, (size_t)images->rank * sizeof *images->shape) == 0;
    if (!same || bytes->type != GAN_UINT8 || images->type != GAN_FLOAT32) {
        char to[GAN_TENSOR_TEXT], from[GAN_TENSOR_TEXT];
        return gan_fail(GAN_ERROR_SHAPE, "gan_image_to_bytes: from %s to %s; they must be float and uint8 of one shape",
                        gan_tensor_text(from, images), gan_tensor_text(to, bytes));
    }
    const float *x = images->data;
    unsigned char *y = bytes->data;
    int64_t count = gan_tensor_count(images);
    for (int64_t i = 0; i < count; i++) y[i] = byte_of(x[i]);
    return GAN_OK;
}

static const gan_field fields[] = {
    {"columns", GAN_FIELD_INT, 0, offsetof(gan_grid_options, columns), 1, MAX_SIDE, 0},
    {"scale", GAN_FIELD_INT, 0, offsetof(gan_grid_options, scale), 1, 64, 1},
    {"gap", GAN_FIELD_INT, 0, offsetof(gan_grid_options, gap), 0, 64, 0},
    {"background", GAN_FIELD_INT, 0, offsetof(gan_grid_options, background), 0, 255, 0},
    {"quality", GAN_FIELD_INT, 0, offsetof(gan_grid_options, quality), 1, 100, 0},
    GAN_FIELD_RESERVED(gan_grid_options),
};

static gan_status check_pictures(const gan_tensor *images)
{
    if (!images) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "a grid of pictures: images are NULL");
    if (images->type != GAN_INT32 && images->rank == 4 && (images->shape[3] == 1 || images->shape[3] == 3))
        return GAN_OK;
    char text[GAN_TENSOR_TEXT];
    return gan_fail(GAN_ERROR_SHAPE,
                    "a grid of pictures: images are %s; they must be float or uint8 [N,H,W,1] or [N,H,W,3]",
                    gan_tensor_text(text, images));
}

static int64_t square_columns(int64_t count)
{
    int64_t columns = 1;
    while (columns < MAX_SIDE && columns * columns < count) columns++;
    return columns;
}

/* Checks pictures and options. */
static gan_status lay_out(gan_grid *grid, const gan_tensor *images, const gan_grid_options *given)
{
    gan_grid_options options;
    gan_status status = check_pictures(images);
    if (status == GAN_OK)
        status = gan_options_read(&options, sizeof options, given, "gan_grid_options", fields, GAN_FIELD_COUNT(fields));
    if (status != GAN_OK) return status;
    int64_t count = images->shape[0], columns = options.columns ? options.columns : square_columns(count);
    if (columns > count)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_grid_options.columns is %lld; there are %lld pictures",
                        (long long)columns, (long long)count);
    int64_t rows = (count + columns - 1) / columns, h = images->shape[1], w = images->shape[2];
    bool fits = rows <= MAX_SIDE && h <= MAX_SIDE && w <= MAX_SIDE;
    int64_t width = fits ? columns * w * options.scale + (columns + 1) * options.gap : MAX_SIDE + 1;
    int64_t height = fits ? rows * h * options.scale + (rows + 1) * options.gap : MAX_SIDE + 1;
    if (width > MAX_SIDE || height > MAX_SIDE)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "a grid of %lld x %lld pictures of %lld x %lld pixels at scale %d is more "
                        "than %d pixels a side",
                        (long long)rows, (long long)columns, (long long)h, (long long)w, options.scale, MAX_SIDE);
    *grid = (gan_grid){
        .images = images,
        .columns = (int)columns,
        .rows = (int)rows,
        .scale = options.scale,
        .gap = options.gap,
        .background = options.background,
        .quality = options.quality,
        .width = (int)width,
        .height = (int)height,
        .channels = (int)images->shape[3],
    };
    return GAN_OK;
}

static unsigned char byte_at(const gan_tensor *images, int64_t place)
{
    if (images->type == GAN_UINT8) return ((const unsigned char *)images->data)[place];
    return byte_of(((const float *)images->data)[place]);
}

/* Row `line` of picture `index`, every pixel scale times. */
static void picture_row(const gan_grid *grid, int64_t index, int64_t line, unsigned char *row)
{
    const gan_tensor *images = grid->images;
    int64_t w = images->shape[2], c = grid->channels, place = (index * images->shape[1] + line) * w * c;
    for (int64_t x = 0; x < w; x++, place += c)
        for (int i = 0; i < grid->scale; i++)
            for (int64_t k = 0; k < c; k++) *row++ = byte_at(images, place + k);
}

void gan_grid_row(const gan_grid *grid, int y, unsigned char *row)
{
    int64_t high = grid->images->shape[1] * grid->scale, wide = grid->images->shape[2] * grid->scale;
    int64_t line = y % (high + grid->gap) - grid->gap, first = y / (high + grid->gap) * grid->columns;
    memset(row, grid->background, (size_t)grid->width * (size_t)grid->channels);
    for (int column = 0; line >= 0 && column < grid->columns && first + column < grid->images->shape[0]; column++) {
        int64_t left = grid->gap + column * (wide + grid->gap);
        picture_row(grid, first + column, line / grid->scale, row + left * grid->channels);
    }
}

/* A kind of file that a grid can become. */
struct codec {
    const char *name;
    gan_status (*encode)(gan_tensor **file, const gan_grid *grid);
    bool has_quality;
};

static const struct codec png_codec = {"png", gan_png_encode, false};
static const struct codec jpeg_codec = {"jpeg", gan_jpeg_encode, true};

static gan_status encode(const struct codec *codec, gan_tensor **file, const gan_tensor *images,
                         const gan_grid_options *options)
{
    if (!file) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_image_encode_%s: %s is NULL", codec->name, codec->name);
    *file = NULL;
    gan_grid grid;
    gan_status status = lay_out(&grid, images, options);
    if (status == GAN_OK && grid.quality && !codec->has_quality)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "gan_grid_options.quality is %d; it must be 0 for a PNG picture, which loses nothing",
                        grid.quality);
    return status == GAN_OK ? codec->encode(file, &grid) : status;
}

static gan_status write_grid(const struct codec *codec, const char *path, const gan_tensor *images,
                             const gan_grid_options *options)
{
    gan_tensor *file;
    if (!path) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_image_write_%s: path is NULL", codec->name);
    gan_status status = encode(codec, &file, images, options);
    if (status != GAN_OK) return status;
    status = gan_file_replace(path, file->data, gan_tensor_bytes(file));
    gan_tensor_free(&file);
    return status;
}

gan_status gan_image_encode_png(gan_tensor **png, const gan_tensor *images, const gan_grid_options *options)
{
    return encode(&png_codec, png, images, options);
}

gan_status gan_image_write_png(const char *path, const gan_tensor *images, const gan_grid_options *options)
{
    return write_grid(&png_codec, path, images, options);
}

gan_status gan_image_encode_jpeg(gan_tensor **jpeg, const gan_tensor *images, const gan_grid_options *options)
{
    return encode(&jpeg_codec, jpeg, images, options);
}

gan_status gan_image_write_jpeg(const char *path, const gan_tensor *images, const gan_grid_options *options)
{
    return write_grid(&jpeg_codec, path, images, options);
}
