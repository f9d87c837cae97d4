/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_DATA_DATASET_H
#define GAN_DATA_DATASET_H

#include "tensor/tensor.h"

#include <gan/dataset.h>

/* Where pictures come from. read() and label() may be called from several threads at once. The other functions may be
 * NULL. */
typedef struct gan_dataset_source {
    void (*read)(const gan_dataset *dataset, int64_t index, float *image);
    int32_t (*label)(const gan_dataset *dataset, int64_t index);
    /* Before read() is called for the `count` pictures from the present place on, in batches of `batch`. */
    gan_status (*begin)(gan_dataset *dataset, int64_t count, int64_t batch);
    /* In place of read(), for a picture that begin() knows nothing of. */
    gan_status (*get)(const gan_dataset *dataset, int64_t index, float *image);
    void (*close)(gan_dataset *dataset); /* frees `state` */
} gan_dataset_source;

/* A place among the pictures. */
typedef struct gan_place {
    uint64_t epoch;
    int64_t position;
} gan_place;

/* The pictures of an epoch in their order. */
typedef struct gan_order {
    int32_t *pictures;
    uint64_t epoch; /* UINT64_MAX: of none yet */
} gan_order;

struct gan_dataset {
    gan_context *context;
    const gan_dataset_source *source;
    gan_dataset_options options;
    int64_t count;
    int height, width, channels;
    gan_tensor *images, *labels; /* of a set in memory; labels may be NULL */
    gan_place place;             /* of the next batch */
    gan_order orders[2];         /* not used when pictures come in order; the second by those who look ahead */
    void *state;                 /* the source's own */
    int classes;
    const char *const *class_names; /* NULL: they have none */
    int64_t skipped;                /* broken pictures left out */
};

/* The kinds of datasets, each with members of the options that are its own. */
typedef enum gan_dataset_kind {
    GAN_DATASET_MEMORY = 1,
    GAN_DATASET_SYNTHETIC = 2,
    GAN_DATASET_CIFAR10_FILE = 4,
    GAN_DATASET_CIFAR10_FOLDER = 8,
    GAN_DATASET_FOLDER = 16,
    GAN_DATASET_ARRAY = 32, /* files of NumPy's and of MNIST's format */
    GAN_DATASET_ANY = 63
} gan_dataset_kind;

/* Reads and checks the options; members that the kind does not use must be zero. */
gan_status gan_dataset_read_options(gan_dataset_options *options, const gan_dataset_options *given,
                                    gan_dataset_kind kind);

/* For a kind that the caller did not name: members that the kind has no use for become zero. */
gan_status gan_dataset_options_for(gan_dataset_options *options, const gan_dataset_options *given,
                                   gan_dataset_kind kind);

/* gan_dataset_create_memory() with options that have been read. */
gan_status gan_dataset_create_tensors(gan_dataset **dataset, gan_context *context, gan_tensor *images,
                                      gan_tensor *labels, const gan_dataset_options *options);

/* Makes a dataset at the beginning of epoch 0; images and labels are retained and may be NULL. */
gan_status gan_dataset_create(gan_dataset **dataset, gan_context *context, const gan_dataset_source *source,
                              const gan_dataset_options *options, int64_t count, const int *size, gan_tensor *images,
                              gan_tensor *labels);

/* Bytes 0..255 become -1..1. */
void gan_bytes_to_floats(float *floats, const unsigned char *bytes, int64_t count);

/* Epochs: epoch.c. */

/* Makes the memory for `orders` orders, where pictures are shuffled. GAN_ERROR_OUT_OF_MEMORY. */
gan_status gan_dataset_create_orders(gan_dataset *dataset, int orders);

/* The picture at a place, of an epoch that gan_dataset_need_order() was called for. */
int64_t gan_dataset_picture_at(const gan_dataset *dataset, const gan_place *place);
void gan_dataset_need_order(gan_dataset *dataset, uint64_t epoch);

/* To the next epoch where this one has no batch left. */
void gan_dataset_turn(const gan_dataset *dataset, gan_place *place, int64_t batch);

/* Whether the picture at a place is mirrored. */
bool gan_dataset_flips(const gan_dataset *dataset, const gan_place *place);

/* The pictures from the present place on, at most this many and of this epoch and the next, in batches. Needs two
 * orders. Returns how many. */
int64_t gan_dataset_upcoming(gan_dataset *dataset, int64_t batch, int32_t *pictures, int64_t most);

#endif
