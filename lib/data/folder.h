/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_DATA_FOLDER_H
#define GAN_DATA_FOLDER_H

#include "core/file.h"
#include "data/dataset.h"

/* gan_dataset_open_folder() on a system whose calls a test may let fail. */
gan_status gan_dataset_open_folder_by(const gan_file_calls *calls, gan_dataset **dataset, gan_context *context,
                                      const char *path, const gan_dataset_options *options);

#endif
