/* SPDX-License-Identifier: BSD-2-Clause */
#include "data/array.h"

gan_status gan_dataset_open_npy(gan_dataset **dataset, gan_context *context, const char *images, const char *labels,
                                const gan_dataset_options *options)
{
    return gan_dataset_open_arrays(dataset, context, images, labels, options, "gan_dataset_open_npy",
                                   gan_tensor_read_npy);
}
