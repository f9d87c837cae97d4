/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_IO_SAFETENSORS_H
#define GAN_IO_SAFETENSORS_H

#include "context/context.h"
#include "io/stored.h"

/* The safetensors container (huggingface/safetensors, format of 2022): 8 bytes of header length, little-endian; a JSON
 * header that gives each tensor's type, shape and place, and texts under __metadata__; then the data. docs/formats.md
 * has what libgan puts in it. */

/* The text by which a file is a checkpoint: what loads networks refuses it by name. */
#define GAN_CHECKPOINT_KEY "gan.checkpoint"

typedef struct gan_stored_text {
    const char *key, *text;
} gan_stored_text;

/* Writes a file whole or not at all. Names and keys must differ. A text GAN_CHECKSUM_NONE under GAN_CHECKSUM_KEY gets
 * the checksum in its place (io/checksum.h). GAN_ERROR_OUT_OF_MEMORY, GAN_ERROR_IO. */
gan_status gan_safetensors_write(gan_context *context, const char *path, const gan_stored_tensor *tensors, int count,
                                 const gan_stored_text *texts, int text_count);

typedef struct gan_safetensors gan_safetensors;

/* Reads and checks a whole file: every byte of the data belongs to one tensor, names differ, texts are UTF-8. Nothing
 * is allocated that the file's size does not justify. GAN_ERROR_IO, GAN_ERROR_FORMAT, GAN_ERROR_OUT_OF_MEMORY. */
gan_status gan_safetensors_read(gan_safetensors **file, gan_context *context, const char *path);

/* The same of a file that must have a checksum, which is looked at before anything else. */
gan_status gan_safetensors_read_checked(gan_safetensors **file, gan_context *context, const char *path);
void gan_safetensors_free(gan_safetensors **file);

int gan_safetensors_count(const gan_safetensors *file);
const gan_stored_tensor *gan_safetensors_at(const gan_safetensors *file, int index);
const gan_stored_tensor *gan_safetensors_find(const gan_safetensors *file, const char *name); /* or NULL */
const char *gan_safetensors_text(const gan_safetensors *file, const char *key);               /* or NULL */
const char *gan_safetensors_path(const gan_safetensors *file);
size_t gan_safetensors_numbers(const gan_safetensors *file); /* of all tensors, whatever their types */

/* What the two calls below are made of: whether the file has a tensor of this name, type and shape; and the copy, once
 * that has been asked. */
gan_status gan_safetensors_fits(const gan_safetensors *file, const gan_stored_tensor *wanted);
void gan_safetensors_fill(const gan_safetensors *file, const gan_stored_tensor *wanted);

/* GAN_ERROR_FORMAT when the file has no tensor of this name, or one of another type or shape than the tensor's; the
 * sentence names file and tensor. */
gan_status gan_safetensors_check(const gan_safetensors *file, const char *name, const gan_tensor *tensor);

/* The same, and copies the numbers into the tensor; in the file they need not be aligned. */
gan_status gan_safetensors_copy(const gan_safetensors *file, const char *name, gan_tensor *tensor);

#endif
