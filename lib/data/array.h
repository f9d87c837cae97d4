/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_DATA_ARRAY_H
#define GAN_DATA_ARRAY_H

#include "data/dataset.h"

/* Reads one array of a file. GAN_ERROR_IO, GAN_ERROR_FORMAT, GAN_ERROR_OUT_OF_MEMORY. */
typedef gan_status (*gan_array_reader)(gan_tensor **tensor, gan_context *context, const char *path);

/* A dataset of a file with pictures and one with labels, which may be NULL: gan_dataset_open_npy() and the like, by the
 * format's reader. `call` is what errors call it. */
gan_status gan_dataset_open_arrays(gan_dataset **dataset, gan_context *context, const char *images, const char *labels,
                                   const gan_dataset_options *options, const char *call, gan_array_reader read);

/* An IDX file of bytes; *tensor is GAN_UINT8. */
gan_status gan_idx_read(gan_tensor **tensor, gan_context *context, const char *path);

/* The first bytes that tell the formats. */
#define GAN_NPY_MARK "\x93NUMPY"

#endif
