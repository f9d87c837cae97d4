/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/picture.h"

#ifndef HAVE_PNG

gan_status gan_png_decode(gan_picture *picture, gan_context *context, const unsigned char *data, size_t size,
                          const char *name)
{
    (void)picture;
    (void)context;
    (void)data;
    (void)size;
    char text[GAN_PATH_TEXT];
    return gan_fail(GAN_ERROR_UNSUPPORTED, "%s is a PNG picture; this build of libgan has no libpng",
                    gan_path_text(text, name));
}

#else
#include <png.h>
#include <setjmp.h>
#include <string.h>

/* A byte of deflate's output costs at least 1/1032 byte of its input: 258 bytes in two bits. */
#define MAX_RATIO       1032

/* What chunks other than the picture may take. */
#define MAX_CHUNK_BYTES ((png_alloc_size_t)1 << 22)

/* What libpng's callbacks see. Its errors leave by longjmp(), which is why everything that has to be released is here.
 */
struct decoder {
    gan_context *context;
    const char *name;
    const unsigned char *data;
    size_t size, offset;
    png_structp png;
    png_infop info;
    unsigned char *pixels; /* with alpha, where there is one */
    int height, width, channels;
    gan_status status;
};

static void fail(png_structp png, png_const_charp message)
{
    struct decoder *decoder = png_get_error_ptr(png);
    char text[GAN_PATH_TEXT];
    if (decoder->status == GAN_OK)
        decoder->status = gan_fail(GAN_ERROR_FORMAT, "%s: PNG: %s", gan_path_text(text, decoder->name), message);
    png_longjmp(png, 1);
}

static void ignore_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static png_voidp allocate(png_structp png, png_alloc_size_t size)
{
    struct decoder *decoder = png_get_mem_ptr(png);
    void *memory = gan_context_allocate(decoder->context, size, 1, "libpng");
    if (!memory) decoder->status = GAN_ERROR_OUT_OF_MEMORY;
    return memory;
}

static void release(png_structp png, png_voidp memory)
{
    struct decoder *decoder = png_get_mem_ptr(png);
    gan_context_release(decoder->context, memory);
}

static void take(png_structp png, png_bytep bytes, size_t count)
{
    struct decoder *decoder = png_get_io_ptr(png);
    if (count > decoder->size - decoder->offset) png_error(png, "the file is cut short");
    memcpy(bytes, decoder->data + decoder->offset, count);
    decoder->offset += count;
}

/* Leaves when the header promises more than the file can hold, before memory is taken for it. */
static void check_size(struct decoder *decoder)
{
    png_uint_32 height = png_get_image_height(decoder->png, decoder->info);
    size_t row = png_get_rowbytes(decoder->png, decoder->info), bytes;
    char text[GAN_PATH_TEXT];
    decoder->status = gan_picture_check(height, png_get_image_width(decoder->png, decoder->info), decoder->name);
    if (decoder->status == GAN_OK && (!gan_size_multiply(row, height, &bytes) || bytes / MAX_RATIO > decoder->size))
        decoder->status =
            gan_fail(GAN_ERROR_FORMAT, "%s: PNG: the header says %lu x %lu pixels, more than %zu bytes can hold",
                     gan_path_text(text, decoder->name), (unsigned long)height,
                     (unsigned long)png_get_image_width(decoder->png, decoder->info), decoder->size);
    if (decoder->status != GAN_OK) png_longjmp(decoder->png, 1);
}

/* Leaves by longjmp() when anything fails. */
static void read_pixels(struct decoder *decoder)
{
    png_structp png = decoder->png;
    png_set_read_fn(png, decoder, take);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); /* check_size() has them, with their own sentence */
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT); /* transparency is in a chunk that may be missed */
    png_set_chunk_malloc_max(png, MAX_CHUNK_BYTES);
    png_read_info(png, decoder->info);
    check_size(decoder);
    png_set_expand(png);   /* palettes, less than 8 bits, and what is transparent by its colour */
    png_set_scale_16(png); /* to the nearest, and not to the high byte */
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, decoder->info);
    decoder->height = (int)png_get_image_height(png, decoder->info);
    decoder->width = (int)png_get_image_width(png, decoder->info);
    decoder->channels = png_get_channels(png, decoder->info);
    size_t row = png_get_rowbytes(png, decoder->info);
    decoder->pixels = gan_context_allocate(decoder->context, (size_t)decoder->height, row, "a PNG picture");
    if (!decoder->pixels) {
        decoder->status = GAN_ERROR_OUT_OF_MEMORY;
        png_longjmp(png, 1);
    }
    for (int pass = 0; pass < passes; pass++)
        for (int y = 0; y < decoder->height; y++) png_read_row(png, decoder->pixels + (size_t)y * row, NULL);
    png_read_end(png, NULL);
}

/* Over white: round((alpha * colour + (255 - alpha) * 255) / 255). In place, as the result is shorter. */
static void drop_alpha(unsigned char *pixels, size_t count, int colours)
{
    unsigned char *to = pixels;
    for (const unsigned char *from = pixels, *end = pixels + count * ((size_t)colours + 1); from < end; from++) {
        int alpha = from[colours];
        for (int k = 0; k < colours; k++) *to++ = (unsigned char)((alpha * *from++ + (255 - alpha) * 255 + 127) / 255);
    }
}

static gan_status run(struct decoder *decoder)
{
    decoder->png =
        png_create_read_struct_2(PNG_LIBPNG_VER_STRING, decoder, fail, ignore_warning, decoder, allocate, release);
    if (decoder->png) decoder->info = png_create_info_struct(decoder->png);
    if (!decoder->info)
        return decoder->status != GAN_OK ? decoder->status : gan_fail(GAN_ERROR_OUT_OF_MEMORY, "out of memory: libpng");
    if (setjmp(png_jmpbuf(decoder->png)) == 0) read_pixels(decoder);
    return decoder->status;
}

gan_status gan_png_decode(gan_picture *picture, gan_context *context, const unsigned char *data, size_t size,
                          const char *name)
{
    struct decoder decoder = {.context = context, .name = name, .data = data, .size = size};
    gan_status status = run(&decoder);
    if (decoder.png) png_destroy_read_struct(&decoder.png, &decoder.info, NULL);
    if (status != GAN_OK) {
        gan_context_release(context, decoder.pixels);
        return status;
    }
    bool alpha = decoder.channels % 2 == 0;
    if (alpha) drop_alpha(decoder.pixels, (size_t)decoder.height * (size_t)decoder.width, decoder.channels - 1);
    *picture = (gan_picture){decoder.pixels, decoder.height, decoder.width, decoder.channels - alpha};
    return GAN_OK;
}
#endif
