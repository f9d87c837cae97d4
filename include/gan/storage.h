/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_STORAGE_H
#define GAN_STORAGE_H

#include <gan/network.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Networks in files and as text. docs/formats.md specifies both, so that other programs can write them. These calls
 * need the JSON library that libgan was built with (gan_has_feature("json")): GAN_ERROR_UNSUPPORTED without. */

/* Writes a built network whole or not at all: architecture, parameters and buffers, as one safetensors file, which
 * Python's `safetensors` opens. GAN_ERROR_INVALID_ARGUMENT: a NULL. GAN_ERROR_STATE: not built. GAN_ERROR_IO: the
 * sentence has the system's reason, and an older file of this name is as it was. GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_network_save(const gan_network *network, const char *path);

/* Makes a built network from such a file: no builder code is needed. Types of the caller's own must have been
 * registered (gan/custom.h). The caller owns the result. GAN_ERROR_IO, GAN_ERROR_FORMAT: the file is damaged, has a
 * key twice, is a checkpoint (gan_checkpoint_network() is for these), or names a layer, an option, a key or a version
 * that this library does not know; the sentence says which. GAN_ERROR_INVALID_ARGUMENT, GAN_ERROR_SHAPE: the layers in
 * it do not fit, or have too few or too many inputs. GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_network_load(gan_network **network, gan_context *context, const char *path);

/* Reads parameters and buffers of a file by gan_network_save() into a built network of the same names and shapes;
 * nothing is changed on failure. Errors as above. */
GAN_API gan_status gan_network_load_weights(gan_network *network, const char *path);

/* The architecture alone, as JSON text with line breaks: as gan_network_summary() does, into `capacity` bytes of text,
 * with *length (may be NULL) the bytes of the whole without the final 0. GAN_ERROR_INVALID_ARGUMENT: a NULL.
 * GAN_ERROR_STATE: not built. GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_network_to_json(const gan_network *network, char *text, size_t capacity, size_t *length);

/* Makes a built network, with fresh weights, from such text, written by hand maybe. length: its bytes. Errors as
 * gan_network_load(). */
GAN_API gan_status gan_network_from_json(gan_network **network, gan_context *context, const char *text, size_t length);

#ifdef __cplusplus
}
#endif
#endif
