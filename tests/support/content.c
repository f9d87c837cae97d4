/* SPDX-License-Identifier: BSD-2-Clause */
#define _POSIX_C_SOURCE 200809L
#include "content.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

content read_content(const char *path)
{
    struct stat info;
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file && fstat(fileno(file), &info) == 0, "%s", path);
    content c = {malloc((size_t)info.st_size + 1), (size_t)info.st_size};
    ck_assert(c.bytes && fread(c.bytes, 1, c.size, file) == c.size);
    fclose(file);
    return c;
}

/* Over the old content, not by truncating it first, which some file systems take as a reason to write to the disk at
 * once. */
void write_content(const char *path, const unsigned char *bytes, size_t size)
{
    int file = open(path, O_WRONLY | O_CREAT, 0666);
    ck_assert(file >= 0 && write(file, bytes, size) == (ssize_t)size && ftruncate(file, (off_t)size) == 0);
    ck_assert(close(file) == 0);
}
