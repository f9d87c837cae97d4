/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/buffer.h"
#include "image/image.h"

#ifndef HAVE_PNG

gan_status gan_png_encode(gan_tensor **png, const gan_grid *grid)
{
    (void)png;
    (void)grid;
    return gan_fail(GAN_ERROR_UNSUPPORTED, "this build of libgan has no libpng, and writes no PNG pictures");
}

#else
#include <png.h>
#include <setjmp.h>

/* What libpng's callbacks see. Its errors leave by longjmp(), which is why everything that has to be released is here.
 */
struct encoder {
    gan_context *context;
    const gan_grid *grid;
    png_structp png;
    png_infop info;
    unsigned char *row;
    gan_buffer out;
    gan_status status;
};

static void fail(png_structp png, png_const_charp message)
{
    struct encoder *encoder = png_get_error_ptr(png);
    if (encoder->status == GAN_OK) encoder->status = gan_fail(GAN_ERROR_OUT_OF_MEMORY, "PNG: %s", message);
    png_longjmp(png, 1);
}

static void ignore_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static png_voidp allocate(png_structp png, png_alloc_size_t size)
{
    struct encoder *encoder = png_get_mem_ptr(png);
    return gan_context_allocate(encoder->context, size, 1, "libpng");
}

static void release(png_structp png, png_voidp memory)
{
    struct encoder *encoder = png_get_mem_ptr(png);
    gan_context_release(encoder->context, memory);
}

static void append(png_structp png, png_bytep bytes, size_t count)
{
    struct encoder *encoder = png_get_io_ptr(png);
    if (gan_buffer_append(&encoder->out, bytes, count) == GAN_OK) return;
    encoder->status = GAN_ERROR_OUT_OF_MEMORY;
    png_longjmp(png, 1);
}

static void flush_nothing(png_structp png)
{
    (void)png;
}

/* Leaves by longjmp() when anything fails. */
static void write_rows(struct encoder *encoder)
{
    const gan_grid *grid = encoder->grid;
    png_set_write_fn(encoder->png, encoder, append, flush_nothing);
    png_set_IHDR(encoder->png, encoder->info, (png_uint_32)grid->width, (png_uint_32)grid->height, 8,
                 grid->channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(encoder->png, encoder->info);
    for (int y = 0; y < grid->height; y++) {
        gan_grid_row(grid, y, encoder->row);
        png_write_row(encoder->png, encoder->row);
    }
    png_write_end(encoder->png, NULL);
}

static gan_status run(struct encoder *encoder)
{
    const gan_grid *grid = encoder->grid;
    encoder->row =
        gan_context_allocate(encoder->context, (size_t)grid->width, (size_t)grid->channels, "a row of a PNG picture");
    if (!encoder->row) return GAN_ERROR_OUT_OF_MEMORY;
    encoder->png =
        png_create_write_struct_2(PNG_LIBPNG_VER_STRING, encoder, fail, ignore_warning, encoder, allocate, release);
    if (encoder->png) encoder->info = png_create_info_struct(encoder->png);
    if (!encoder->info)
        return encoder->status != GAN_OK ? encoder->status : gan_fail(GAN_ERROR_OUT_OF_MEMORY, "out of memory: libpng");
    if (setjmp(png_jmpbuf(encoder->png)) == 0) write_rows(encoder);
    return encoder->status;
}

gan_status gan_png_encode(gan_tensor **png, const gan_grid *grid)
{
    struct encoder encoder = {
        .context = grid->images->context, .grid = grid, .out = {.context = grid->images->context}};
    gan_status status = run(&encoder);
    if (status == GAN_OK) status = gan_buffer_tensor(&encoder.out, png);
    if (encoder.png) png_destroy_write_struct(&encoder.png, &encoder.info);
    gan_buffer_release(&encoder.out);
    gan_context_release(encoder.context, encoder.row);
    return status;
}
#endif
