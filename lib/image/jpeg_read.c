/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/picture.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include <jerror.h>

/* A block of 8x8 pixels costs at least a bit in Huffman's code: a byte is 512 pixels at most. */
#define MAX_PIXELS_A_BYTE 512

/* A progressive picture has about ten scans; each costs a pass over all of it, and a file may have thousands. */
#define MAX_SCANS 100

/* The error callbacks get a pointer to `error`. Errors leave by longjmp(), which is why everything that has to be
 * released is here. */
struct decoder {
    struct jpeg_error_mgr error;
    struct jpeg_progress_mgr progress;
    struct jpeg_decompress_struct jpeg;
    jmp_buf jump;
    gan_context *context;
    const char *name;
    unsigned char *pixels;
    unsigned char *row; /* of four inks */
    gan_status status;
};

static struct decoder *decoder_of(j_common_ptr jpeg)
{
    return (struct decoder *)jpeg->err;
}

static void fail(j_common_ptr jpeg)
{
    struct decoder *decoder = decoder_of(jpeg);
    char message[JMSG_LENGTH_MAX], text[GAN_PATH_TEXT];
    jpeg->err->format_message(jpeg, message);
    bool memory = jpeg->err->msg_code == JERR_OUT_OF_MEMORY;
    if (decoder->status == GAN_OK)
        decoder->status = gan_fail(memory ? GAN_ERROR_OUT_OF_MEMORY : GAN_ERROR_FORMAT, "%s: JPEG: %s",
                                   gan_path_text(text, decoder->name), message);
    longjmp(decoder->jump, 1);
}

/* libjpeg warns where data are damaged and goes on with grey; a damaged picture is none. Bytes between markers and odd
 * headers do no harm to the picture. */
static void see_message(j_common_ptr jpeg, int level)
{
    int code = jpeg->err->msg_code;
    if (level < 0 && code != JWRN_EXTRANEOUS_DATA && code != JWRN_ADOBE_XFORM && code != JWRN_JFIF_MAJOR) fail(jpeg);
}

static void leave(struct decoder *decoder, gan_status status)
{
    decoder->status = status;
    longjmp(decoder->jump, 1);
}

static void see_progress(j_common_ptr jpeg)
{
    struct decoder *decoder = decoder_of(jpeg);
    char text[GAN_PATH_TEXT];
    if (decoder->jpeg.input_scan_number > MAX_SCANS)
        leave(decoder, gan_fail(GAN_ERROR_FORMAT, "%s: JPEG: it has more than %d scans",
                                gan_path_text(text, decoder->name), MAX_SCANS));
}

/* Leaves when the header promises more than the file can hold, before memory is taken for it. */
static void check_size(struct decoder *decoder, size_t size)
{
    int64_t height = decoder->jpeg.image_height, width = decoder->jpeg.image_width;
    char text[GAN_PATH_TEXT];
    gan_status status = gan_picture_check(height, width, decoder->name);
    if (status == GAN_OK && height * width / MAX_PIXELS_A_BYTE > (int64_t)size)
        status =
            gan_fail(GAN_ERROR_FORMAT, "%s: JPEG: the header says %lld x %lld pixels, more than %zu bytes can hold",
                     gan_path_text(text, decoder->name), (long long)height, (long long)width, size);
    if (status != GAN_OK) leave(decoder, status);
}

static void *allocate(struct decoder *decoder, size_t count, size_t size, const char *what)
{
    void *memory = gan_context_allocate(decoder->context, count, size, what);
    if (!memory) leave(decoder, GAN_ERROR_OUT_OF_MEMORY);
    return memory;
}

/* Light that ink lets through. Adobe's programs, which mark their files, store what is left white in place of ink. */
static void ink_to_light(unsigned char *to, const unsigned char *inks, size_t count, bool adobe)
{
    for (size_t i = 0; i < count; i++, inks += 4)
        for (int k = 0; k < 3; k++) {
            int light = adobe ? inks[k] : 255 - inks[k], black = adobe ? inks[3] : 255 - inks[3];
            *to++ = (unsigned char)((light * black + 127) / 255);
        }
}

/* Leaves by longjmp() when anything fails. */
static void read_pixels(struct decoder *decoder, const unsigned char *data, size_t size)
{
    struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
    jpeg_create_decompress(jpeg);
    jpeg->progress = &decoder->progress;
    jpeg_mem_src(jpeg, data, (unsigned long)size);
    jpeg_read_header(jpeg, TRUE);
    check_size(decoder, size);
    bool inks = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
    jpeg->out_color_space = inks ? JCS_CMYK : jpeg->num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg->dct_method = JDCT_ISLOW;
    jpeg_start_decompress(jpeg);
    size_t width = jpeg->output_width, row = width * (jpeg->num_components == 1 ? 1 : 3);
    decoder->pixels = allocate(decoder, jpeg->output_height, row, "a JPEG picture");
    if (inks) decoder->row = allocate(decoder, width, 4, "a row of a JPEG picture");
    while (jpeg->output_scanline < jpeg->output_height) {
        unsigned char *to = decoder->pixels + jpeg->output_scanline * row, *line = inks ? decoder->row : to;
        jpeg_read_scanlines(jpeg, &line, 1);
        if (inks) ink_to_light(to, line, width, jpeg->saw_Adobe_marker);
    }
    jpeg_finish_decompress(jpeg);
}

static gan_status run(struct decoder *decoder, const unsigned char *data, size_t size)
{
    decoder->jpeg.err = jpeg_std_error(&decoder->error);
    decoder->error.error_exit = fail;
    decoder->error.emit_message = see_message;
    decoder->progress.progress_monitor = see_progress;
    if (setjmp(decoder->jump) == 0) read_pixels(decoder, data, size);
    return decoder->status;
}

gan_status gan_jpeg_decode(gan_picture *picture, gan_context *context, const unsigned char *data, size_t size,
                           const char *name)
{
    struct decoder *decoder = gan_context_allocate(context, 1, sizeof *decoder, "a JPEG decoder");
    if (!decoder) return GAN_ERROR_OUT_OF_MEMORY;
    decoder->context = context;
    decoder->name = name;
    gan_status status = run(decoder, data, size);
    const struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
    if (status == GAN_OK)
        *picture = (gan_picture){decoder->pixels, (int)jpeg->output_height, (int)jpeg->output_width,
                                 jpeg->num_components == 1 ? 1 : 3};
    else
        gan_context_release(context, decoder->pixels);
    jpeg_destroy_decompress(&decoder->jpeg);
    gan_context_release(context, decoder->row);
    gan_context_release(context, decoder);
    return status;
}
