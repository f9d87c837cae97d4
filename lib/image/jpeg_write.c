/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/buffer.h"
#include "image/image.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include <jerror.h>

#define DEFAULT_QUALITY 90
#define PIECE           4096

/* Where libjpeg writes to, a piece at a time. Its callbacks get a pointer to `base`. */
struct destination {
    struct jpeg_destination_mgr base;
    struct encoder *encoder;
    JOCTET piece[PIECE];
};

/* The error callbacks get a pointer to `error`. Errors leave by longjmp(), which is why everything that has to be
 * released is here. */
struct encoder {
    struct jpeg_error_mgr error;
    struct jpeg_compress_struct jpeg;
    struct destination to;
    jmp_buf jump;
    gan_context *context;
    const gan_grid *grid;
    unsigned char *row;
    gan_buffer out;
    gan_status status;
};

static void fail(j_common_ptr jpeg)
{
    struct encoder *encoder = (struct encoder *)jpeg->err;
    char message[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, message);
    if (encoder->status == GAN_OK)
        encoder->status =
            gan_fail(jpeg->err->msg_code == JERR_OUT_OF_MEMORY ? GAN_ERROR_OUT_OF_MEMORY : GAN_ERROR_UNSUPPORTED,
                     "JPEG: %s", message);
    longjmp(encoder->jump, 1);
}

static void ignore_message(j_common_ptr jpeg, int level)
{
    (void)jpeg;
    (void)level;
}

static void begin_piece(j_compress_ptr jpeg)
{
    struct destination *to = (struct destination *)jpeg->dest;
    to->base.next_output_byte = to->piece;
    to->base.free_in_buffer = PIECE;
}

static void append(struct destination *to, size_t count)
{
    struct encoder *encoder = to->encoder;
    if (gan_buffer_append(&encoder->out, to->piece, count) == GAN_OK) return;
    encoder->status = GAN_ERROR_OUT_OF_MEMORY;
    longjmp(encoder->jump, 1);
}

/* libjpeg's rule: the whole piece counts, whatever its own pointers say. */
static boolean end_piece(j_compress_ptr jpeg)
{
    append((struct destination *)jpeg->dest, PIECE);
    begin_piece(jpeg);
    return TRUE;
}

static void end_file(j_compress_ptr jpeg)
{
    append((struct destination *)jpeg->dest, PIECE - jpeg->dest->free_in_buffer);
}

/* Colour at full resolution: pictures of a few pixels do not bear chroma of half of it. */
static void choose(struct encoder *encoder)
{
    struct jpeg_compress_struct *jpeg = &encoder->jpeg;
    const gan_grid *grid = encoder->grid;
    jpeg->image_width = (JDIMENSION)grid->width;
    jpeg->image_height = (JDIMENSION)grid->height;
    jpeg->input_components = grid->channels;
    jpeg->in_color_space = grid->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, grid->quality ? grid->quality : DEFAULT_QUALITY, TRUE);
    jpeg->comp_info[0].h_samp_factor = jpeg->comp_info[0].v_samp_factor = 1;
    jpeg->dct_method = JDCT_ISLOW;
}

/* Leaves by longjmp() when anything fails. */
static void write_rows(struct encoder *encoder)
{
    struct jpeg_compress_struct *jpeg = &encoder->jpeg;
    jpeg_create_compress(jpeg);
    encoder->to.base = (struct jpeg_destination_mgr){
        .init_destination = begin_piece, .empty_output_buffer = end_piece, .term_destination = end_file};
    encoder->to.encoder = encoder;
    jpeg->dest = &encoder->to.base;
    choose(encoder);
    jpeg_start_compress(jpeg, TRUE);
    for (int y = 0; y < encoder->grid->height; y++) {
        gan_grid_row(encoder->grid, y, encoder->row);
        jpeg_write_scanlines(jpeg, &encoder->row, 1);
    }
    jpeg_finish_compress(jpeg);
}

static gan_status run(struct encoder *encoder)
{
    const gan_grid *grid = encoder->grid;
    encoder->row =
        gan_context_allocate(encoder->context, (size_t)grid->width, (size_t)grid->channels, "a row of a JPEG picture");
    if (!encoder->row) return GAN_ERROR_OUT_OF_MEMORY;
    encoder->jpeg.err = jpeg_std_error(&encoder->error);
    encoder->error.error_exit = fail;
    encoder->error.emit_message = ignore_message;
    if (setjmp(encoder->jump) == 0) write_rows(encoder);
    jpeg_destroy_compress(&encoder->jpeg);
    return encoder->status;
}

gan_status gan_jpeg_encode(gan_tensor **jpeg, const gan_grid *grid)
{
    gan_context *context = grid->images->context;
    struct encoder *encoder = gan_context_allocate(context, 1, sizeof *encoder, "a JPEG encoder");
    if (!encoder) return GAN_ERROR_OUT_OF_MEMORY;
    encoder->context = encoder->out.context = context;
    encoder->grid = grid;
    gan_status status = run(encoder);
    if (status == GAN_OK) status = gan_buffer_tensor(&encoder->out, jpeg);
    gan_buffer_release(&encoder->out);
    gan_context_release(context, encoder->row);
    gan_context_release(context, encoder);
    return status;
}
