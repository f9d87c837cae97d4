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

/* How a picture of another shape becomes height x width. */
typedef enum gan_fit {
    GAN_FIT_CROP = 0,   /* resized so that it covers the whole, and its centre taken. Sizes are rounded down */
    GAN_FIT_STRETCH = 1 /* resized, whatever becomes of its proportions */
} gan_fit;

/* What becomes of a picture that cannot be read or decoded. */
typedef enum gan_broken {
    GAN_BROKEN_FATAL = 0, /* the batch that it belongs to is an error that names the file */
    GAN_BROKEN_SKIP = 1   /* it is left out: all files are decoded once at opening. One that breaks later is an error */
} gan_broken;

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
    int height, width;       /* folder, IDX, NPY: what pictures are made, 1..65536; default: those of the first one */
    int channels;            /* the same: 1 (grey) or 3; default: folder 3, IDX and NPY those of the file */
    int fit;                 /* the same: a gan_fit */
    int filter;              /* the same: a gan_image_filter of gan/image.h, default GAN_IMAGE_BILINEAR */
    int broken;              /* folder: a gan_broken */
    int threads;             /* folder: threads that decode in the background, 1..64; default 2 */
    int reserved;
    int64_t cache; /* folder: bytes at most that decoded pictures are kept in; default 256 MiB; 1: none */
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

/* Pictures in a folder: the files below it whose name ends in .png, .jpg or .jpeg. The first folders below it are the
 * classes, labels 0, 1, ... in the order of their names, and may have folders in them; pictures follow each other in
 * the order of their names, folder by folder (names compare by bytes). Pictures beside each other in `path` itself,
 * without a folder for a class, have the label -1. Names that begin with a dot are passed over, links followed.
 *
 * The files are listed at opening. They are decoded in the background by threads of the dataset's own, for the batches
 * that come next, resized as bytes (fit, filter) and made grey (0.299 R + 0.587 G + 0.114 B) or colour; up to `cache`
 * bytes are kept, so that a set that fits is decoded once. What is given out depends on neither threads nor cache.
 * gan_dataset_next() waits only for pictures that are not decoded yet, and decodes those itself that nobody has begun.
 * After fork() the child may do no more than free the dataset.
 *
 * A file that cannot be read or decoded is an error, or is skipped, with a warning each to the context's log:
 * `broken`. Without height and width the first picture that can be read gives them. The caller owns the result.
 * GAN_ERROR_INVALID_ARGUMENT: a NULL, an option out of range, a path of more than 4095 bytes. GAN_ERROR_IO: a folder
 * cannot be read. GAN_ERROR_FORMAT: no pictures, none that can be read, a class without any, pictures beside classes,
 * more than 32 folders deep or 2^30 files; a broken picture that the size is asked of. GAN_ERROR_UNSUPPORTED: a library
 * for its pictures is not there. GAN_ERROR_SYSTEM: a thread could not be started. GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_dataset_open_folder(gan_dataset **dataset, gan_context *context, const char *path,
                                           const gan_dataset_options *options);

/* MNIST and its like (LeCun et al. 1998): IDX files, unpacked. images: bytes, of 3 dimensions [n,H,W] (magic number
 * 0x803); labels: NULL, or bytes [n] (0x801). Read into memory, resized if asked for.
 * Errors: as gan_dataset_open_npy(). */
GAN_API gan_status gan_dataset_open_idx(gan_dataset **dataset, gan_context *context, const char *images,
                                        const char *labels, const gan_dataset_options *options);

/* Files of NumPy's. images: uint8 (0..255 becomes -1..1) or float32 (taken as it is), [n,H,W,C] or [n,H,W]; labels:
 * NULL, or uint8, int32 or int64 [n], 0 or more. Read into memory, resized if asked for. The caller owns the result.
 * GAN_ERROR_INVALID_ARGUMENT: a NULL, an option out of range. GAN_ERROR_IO. GAN_ERROR_FORMAT: a file is not of its
 * format or of another shape, a label is negative; the sentence names the file. GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_dataset_open_npy(gan_dataset **dataset, gan_context *context, const char *images,
                                        const char *labels, const gan_dataset_options *options);

/* Opens what there is under the path: "synthetic" is the built-in set; a folder is CIFAR-10 where it has the files of
 * gan_dataset_open_cifar10(), MNIST where it has train-images-idx3-ubyte and train-labels-idx1-ubyte, else a folder of
 * pictures; a file is one of CIFAR-10's when its name ends in .bin, one of NumPy's or an IDX file by its content (these
 * without labels). Members of the options that the kind has no use for are passed over; but the pictures must get the
 * height, width and channels that are asked for, if any. Errors: those of the kind, and GAN_ERROR_FORMAT for a file
 * that is none of these, GAN_ERROR_INVALID_ARGUMENT for a set that has other pictures and cannot resize them. */
GAN_API gan_status gan_dataset_open(gan_dataset **dataset, gan_context *context, const char *path,
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
 * larger than the dataset. GAN_ERROR_SHAPE. A folder of pictures: the errors of gan_image_read(), with the file's name,
 * GAN_ERROR_FORMAT for a broken file; the place in the epoch stays what it was. */
GAN_API gan_status gan_dataset_next(gan_dataset *dataset, gan_tensor *images, gan_tensor *labels);

/* Picture `index` of the set, without shuffle and flip: image [H,W,C] or [1,H,W,C] float; label may be NULL. Does not
 * move the place in the epoch. GAN_ERROR_INVALID_ARGUMENT, GAN_ERROR_SHAPE, and those of a folder as above. */
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

/* Classes: how many there are (labels are less), 0 where there are no labels; the name of a class, of folders and
 * CIFAR-10, which lives as long as the dataset, or NULL. How many broken pictures were left out at opening. */
GAN_API int gan_dataset_classes(const gan_dataset *dataset);
GAN_API const char *gan_dataset_class_name(const gan_dataset *dataset, int label);
GAN_API int64_t gan_dataset_skipped(const gan_dataset *dataset);

/* Goes to a place: epoch, less than 2^64 - 1, and position 0..count-1 in it. GAN_ERROR_INVALID_ARGUMENT. */
GAN_API gan_status gan_dataset_seek(gan_dataset *dataset, uint64_t epoch, int64_t position);

#ifdef __cplusplus
}
#endif
#endif
