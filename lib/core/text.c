/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

void gan_text_append(gan_text *text, const char *format, ...)
{
    bool room = text->length < text->capacity;
    va_list arguments;
    va_start(arguments, format);
    int length =
        vsnprintf(room ? text->out + text->length : NULL, room ? text->capacity - text->length : 0, format, arguments);
    va_end(arguments);
    if (length > 0) text->length += (size_t)length;
}

void gan_text_rule(gan_text *text, char c, int width)
{
    for (int i = 0; i < width; i++) gan_text_append(text, "%c", c);
    gan_text_append(text, "\n");
}
