/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_GOLDEN_SAFETENSORS_H
#define TESTS_GOLDEN_SAFETENSORS_H

#include "support.h"

/* A file of float tensors with settings (the safetensors format: 8 bytes of header length, a JSON header, the data).
 * Whatever is wrong with the file fails the test. */
typedef struct golden golden;

golden *golden_open(const char *path);
void golden_close(golden *file);

/* The tensor's numbers, with its shape where shape and rank are not NULL; NULL when the file has none of this name. */
const float *golden_find(const golden *file, const char *name, int *rank, int64_t shape[GAN_MAX_RANK]);

/* The same, for a tensor that has to be there, as a tensor of the library. The caller frees it. */
gan_tensor *golden_tensor(const golden *file, gan_context *context, const char *name);

/* A setting as a number, `fallback` where there is none; as text, NULL where there is none. */
double golden_number(const golden *file, const char *name, double fallback);
const char *golden_text(const golden *file, const char *name);

/* Calls see(argument, name) for every tensor whose name begins with the prefix; name is what follows. */
void golden_each(const golden *file, const char *prefix, void (*see)(void *argument, const char *name), void *argument);

#endif
