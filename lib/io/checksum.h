/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_IO_CHECKSUM_H
#define GAN_IO_CHECKSUM_H

#include <gan/status.h>
#include <stddef.h>

/* A safetensors file can hold the CRC-32 of itself (that of zlib and PNG), as 8 hexadecimal digits in its metadata: of
 * all its bytes, with these digits taken as zeros. Whichever byte changes, it is seen. docs/formats.md. */
#define GAN_CHECKSUM_KEY  "gan.checksum"
#define GAN_CHECKSUM_NONE "00000000"

/* Writes the digits into a whole file in memory, where its metadata has them. */
void gan_checksum_write(unsigned char *bytes, size_t size);

/* GAN_ERROR_FORMAT when there are none, or they are wrong. */
gan_status gan_checksum_verify(const unsigned char *bytes, size_t size, const char *path);

#endif
