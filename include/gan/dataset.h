/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_DATASET_H
#define GAN_DATASET_H

#include <gan/tensor.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A dataset gives batches of pictures, float [N,H,W,C] with values -1..1, in an endless row of epochs. Each epoch is a
 * shuffle of its own, a function of the context's seed and the epoch's number only.
 * Thread-safety: one thread at a time uses a dataset. */
typedef struct gan_dataset gan_dataset;

typedef enum gan_last_batch {
    GAN_LAST_BATCH_DROP = 0, /* every batch is full; the rest of an epoch is not used (another rest each epoch) */
    GAN_LAST_BATCH_KEEP = 1  /* the last batch of an epoch may be short */
} gan_last_batch;

typedef enum gan_cifar10_part { GAN_CIFAR10_TRAIN = 0, GAN_CIFAR10_TEST = 1, GAN_CIFAR10_ALL = 2 } gan_cifar10_part;

/* Members that a comment gives to one kind of dataset must be 0 for the others: GAN_ERROR_INVALID_ARGUMENT. */
typedef struct gan_dataset_options {
    size_t size;
    bool in_order;           /* no shuffling */
    bool flip;               /* each picture mirrored left to right with probability 1/2 (GAN_STREAM_AUGMENTATION) */
    int last_batch;          /* a gan_last_batch */
    int part;                /* CIFAR-10 in a folder: a gan_cifar10_part, default GAN_CIFAR10_TRAIN */
    int crop;                /* CIFAR-10: height and width of the part used, 1..32; default 16 */
    bool crop_at;            /* CIFAR-10: the crop begins at crop_top, crop_left; default: the centre */
    int crop_top, crop_left; /* 0..32 - crop, with crop_at */
    int64_t count;           /* synthetic: pictures, 1..2^31-1; default 50000 */
} gan_dataset_options;
#ifndef __cplusplus
#define gan_dataset_options(...) (&(gan_dataset_options){.size = sizeof(gan_dataset_options), __VA_ARGS__})
#endif

/* CIFAR-10, binary version (Krizhevsky 2009): path is a folder that holds data_batch_1.bin .. data_batch_5.bin and
 * test_batch.bin (or has cifar-10-batches-bin below it), or one .bin file. Records of 1 label byte and 3 planes of
 * 32x32. The pictures are read into memory, cropped, as bytes. A path has at most 4095 bytes, a file 1 GiB. options:
 * NULL for the defaults. The caller owns the result. GAN_ERROR_INVALID_ARGUMENT: a NULL, an option out of range.
 * GAN_ERROR_IO: a file is missing or cannot be read. GAN_ERROR_FORMAT: a file is not a whole number of records, is
 * empty, or a label is above 9; the sentence names file and record. GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_dataset_open_cifar10(gan_dataset **dataset, gan_context *context, const char *path,
                                            const gan_dataset_options *options);

/* The caller's own pictures: images [n,H,W,C], GAN_UINT8 (0..255 becomes -1..1) or GAN_FLOAT32 (taken as they are);
 * labels NULL or GAN_INT32 [n], 0 or more. The dataset keeps references; leave the values alone. The caller owns the
 * result. Errors: GAN_ERROR_SHAPE for other types and shapes, GAN_ERROR_INVALID_ARGUMENT for a NULL or a negative label
 * (the sentence names its place), GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_dataset_create_memory(gan_dataset **dataset, gan_context *context, gan_tensor *images,
                                             gan_tensor *labels, const gan_dataset_options *options);

/* Built-in pictures that need no file: 16x16 colour pictures of GAN_SYNTHETIC_MODES kinds, one of 10 shapes in one of
 * 10 colours at one of 10 places on a grey ground, each with small random changes. Picture i of a seed is always the
 * same; modes are drawn uniformly. The label is the mode: (shape * 10 + colour) * 10 + place. docs/synthetic.md draws
 * them. The caller owns the result. Errors: GAN_ERROR_INVALID_ARGUMENT, GAN_ERROR_OUT_OF_MEMORY. */
#define GAN_SYNTHETIC_MODES 1000
GAN_API gan_status gan_dataset_create_synthetic(gan_dataset **dataset, gan_context *context,
                                                const gan_dataset_options *options);

/* The mode of each of n pictures, float [n,16,16,3] in -1..1, by the nearest mode's ideal picture: modes, GAN_INT32
 * [n], is set to 0..GAN_SYNTHETIC_MODES-1. Every picture of the dataset is recovered exactly. distances (may be NULL;
 * float [n]): the root mean square difference to the ideal picture, by which a caller can refuse what is no mode.
 * GAN_ERROR_INVALID_ARGUMENT, GAN_ERROR_SHAPE. Thread-safe. */
GAN_API gan_status gan_synthetic_modes(gan_tensor *modes, gan_tensor *distances, const gan_tensor *images);

/* Frees the dataset and sets *dataset to NULL. NULL and a pointer to NULL are fine. */
GAN_API void gan_dataset_free(gan_dataset **dataset);

/* The next batch: as many pictures as images was made for ([N,H,W,C], float), in the order of the epoch. labels: NULL,
 * or GAN_INT32 [N]; -1 where the dataset has none. At the end of an epoch with GAN_LAST_BATCH_KEEP both are set to the
 * shorter batch (gan_tensor_set_batch), and to the full one again by the next call.
 * GAN_ERROR_INVALID_ARGUMENT: a NULL; a tensor borrowed from a network or a run; with GAN_LAST_BATCH_DROP, a batch
 * larger than the dataset. GAN_ERROR_SHAPE. */
GAN_API gan_status gan_dataset_next(gan_dataset *dataset, gan_tensor *images, gan_tensor *labels);

/* Picture `index` of the set, without shuffle and flip: image [H,W,C] or [1,H,W,C] float; label may be NULL. Does not
 * move the place in the epoch. GAN_ERROR_INVALID_ARGUMENT, GAN_ERROR_SHAPE. */
GAN_API gan_status gan_dataset_get(const gan_dataset *dataset, int64_t index, gan_tensor *image, int32_t *label);

/* Queries; 0 for NULL. The epoch counts from 0 and is that of the next batch's first picture; the position is that
 * picture's place in its epoch. After gan_dataset_seek() both are the place sought, also where GAN_LAST_BATCH_DROP
 * leaves no whole batch after it: gan_dataset_next() then goes on to the next epoch. */
GAN_API int64_t gan_dataset_count(const gan_dataset *dataset);
GAN_API int gan_dataset_height(const gan_dataset *dataset);
GAN_API int gan_dataset_width(const gan_dataset *dataset);
GAN_API int gan_dataset_channels(const gan_dataset *dataset);
GAN_API int64_t gan_dataset_batches(const gan_dataset *dataset, int64_t batch); /* batches of this size in an epoch */
GAN_API uint64_t gan_dataset_epoch(const gan_dataset *dataset);
GAN_API int64_t gan_dataset_position(const gan_dataset *dataset);

/* Goes to a place: epoch, less than 2^64 - 1, and position 0..count-1 in it. GAN_ERROR_INVALID_ARGUMENT. */
GAN_API gan_status gan_dataset_seek(gan_dataset *dataset, uint64_t epoch, int64_t position);

#ifdef __cplusplus
}
#endif
#endif
