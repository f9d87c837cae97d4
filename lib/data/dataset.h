/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_DATA_DATASET_H
#define GAN_DATA_DATASET_H

#include "tensor/tensor.h"

#include <gan/dataset.h>

/* Where pictures come from. Both functions may be called from several threads at once. */
typedef struct gan_dataset_source {
    void (*read)(const gan_dataset *dataset, int64_t index, float *image);
    int32_t (*label)(const gan_dataset *dataset, int64_t index);
} gan_dataset_source;

struct gan_dataset {
    gan_context *context;
    const gan_dataset_source *source;
    gan_dataset_options options;
    int64_t count;
    int height, width, channels;
    gan_tensor *images, *labels; /* of a set in memory; labels may be NULL */
    uint64_t epoch;              /* of the next batch */
    int64_t position;
    int32_t *order; /* the pictures of epoch order_epoch; NULL when they come in order */
    uint64_t order_epoch;
};

/* The kinds of datasets, each with members of the options that are its own. */
typedef enum gan_dataset_kind {
    GAN_DATASET_MEMORY = 1,
    GAN_DATASET_SYNTHETIC = 2,
    GAN_DATASET_CIFAR10_FILE = 4,
    GAN_DATASET_CIFAR10_FOLDER = 8
} gan_dataset_kind;

/* Reads and checks the options; members that the kind does not use must be zero. */
gan_status gan_dataset_read_options(gan_dataset_options *options, const gan_dataset_options *given,
                                    gan_dataset_kind kind);

/* gan_dataset_create_memory() with options that have been read. */
gan_status gan_dataset_create_tensors(gan_dataset **dataset, gan_context *context, gan_tensor *images,
                                      gan_tensor *labels, const gan_dataset_options *options);

/* Makes a dataset at the beginning of epoch 0; images and labels are retained and may be NULL. */
gan_status gan_dataset_create(gan_dataset **dataset, gan_context *context, const gan_dataset_source *source,
                              const gan_dataset_options *options, int64_t count, const int *size, gan_tensor *images,
                              gan_tensor *labels);

#endif
