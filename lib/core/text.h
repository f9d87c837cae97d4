/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_CORE_TEXT_H
#define GAN_CORE_TEXT_H

#include <stddef.h>

/* Text that ends where the caller's memory ends, and still counts what it would have been. */
typedef struct gan_text {
    char *out;
    size_t capacity, length;
} gan_text;

void gan_text_append(gan_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A line of `width` times c. */
void gan_text_rule(gan_text *text, char c, int width);

#endif
