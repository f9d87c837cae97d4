/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_CONTENT_H
#define TESTS_CONTENT_H

#include <stddef.h>

/* Files, whole; a test fails where that cannot be. The bytes are the caller's to free(). */
typedef struct content {
    unsigned char *bytes;
    size_t size;
} content;

content read_content(const char *path);
void write_content(const char *path, const unsigned char *bytes, size_t size);

#endif
