/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/error.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SENTENCE 511 /* bytes that gan_last_error() promises at most */

static _Thread_local char last_error[SENTENCE + 2];

/* Ends UTF-8 text after `most` bytes or a few before, where a character ends. text[most] is part of the text. */
static void cut(char *text, size_t most)
{
    while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80) most--;
    text[most] = '\0';
}

gan_status gan_fail(gan_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(last_error, sizeof last_error, format, arguments);
    va_end(arguments);
    if (length > SENTENCE) cut(last_error, SENTENCE);
    return status;
}

const char *gan_last_error(void)
{
    return last_error;
}

const char *gan_status_name(gan_status status)
{
    switch (status) {
    case GAN_OK:
        return "GAN_OK";
    case GAN_ERROR_INVALID_ARGUMENT:
        return "GAN_ERROR_INVALID_ARGUMENT";
    case GAN_ERROR_OUT_OF_MEMORY:
        return "GAN_ERROR_OUT_OF_MEMORY";
    case GAN_ERROR_SHAPE:
        return "GAN_ERROR_SHAPE";
    case GAN_ERROR_STATE:
        return "GAN_ERROR_STATE";
    case GAN_ERROR_UNSUPPORTED:
        return "GAN_ERROR_UNSUPPORTED";
    case GAN_ERROR_IO:
        return "GAN_ERROR_IO";
    case GAN_ERROR_FORMAT:
        return "GAN_ERROR_FORMAT";
    case GAN_ERROR_NUMERIC:
        return "GAN_ERROR_NUMERIC";
    case GAN_ERROR_SYSTEM:
        return "GAN_ERROR_SYSTEM";
    }
    return "unknown status";
}

const char *gan_reason_text(char text[GAN_REASON_TEXT], int error)
{
    if (strerror_r(error, text, GAN_REASON_TEXT) != 0) snprintf(text, GAN_REASON_TEXT, "error %d", error);
    return text;
}

const char *gan_path_text(char text[GAN_PATH_TEXT], const char *path)
{
    const size_t half = (GAN_PATH_TEXT - 8) / 2;
    size_t length = strlen(path);
    if (length < GAN_PATH_TEXT) {
        memcpy(text, path, length + 1);
        return text;
    }
    const char *end = path + length - half;
    while (((unsigned char)*end & 0xc0) == 0x80) end++;
    memcpy(text, path, half + 1);
    cut(text, half);
    memcpy(text + strlen(text), "...", 4);
    memcpy(text + strlen(text), end, (size_t)(path + length - end) + 1);
    return text;
}

const char *gan_shape_text(char text[GAN_SHAPE_TEXT], int rank, const int64_t *shape)
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < rank && used < GAN_SHAPE_TEXT - 24; i++)
        used += (size_t)snprintf(text + used, GAN_SHAPE_TEXT - used, "%s%" PRId64, i ? "," : "[", shape[i]);
    snprintf(text + used, GAN_SHAPE_TEXT - used, rank ? "]" : "[]");
    return text;
}
