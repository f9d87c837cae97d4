/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/error.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static _Thread_local char last_error[512];

gan_status gan_fail(gan_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(last_error, sizeof last_error, format, arguments);
    va_end(arguments);
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

const char *gan_shape_text(char text[GAN_SHAPE_TEXT], int rank, const int64_t *shape)
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < rank && used < GAN_SHAPE_TEXT - 24; i++)
        used += (size_t)snprintf(text + used, GAN_SHAPE_TEXT - used, "%s%" PRId64, i ? "," : "[", shape[i]);
    snprintf(text + used, GAN_SHAPE_TEXT - used, rank ? "]" : "[]");
    return text;
}
