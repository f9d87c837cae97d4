/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_CHECKPOINT_H
#define GAN_CHECKPOINT_H

#include <gan/dataset.h>
#include <gan/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A checkpoint is one file that holds a whole training: both networks with their architecture, what the optimizers
 * remember, the average of G, penalties, schedules, the augmentation and its strength, the number of steps, the places
 * in all streams of random numbers, and the dataset's place in its shuffle. A training that goes on from it ends in the
 * same bits as one that was never interrupted, with any number of threads, on the terms of docs/determinism.md.
 * docs/formats.md specifies the file, so that other programs can read and write it; Python's `safetensors` opens it.
 *
 * What is not in it: the pictures; the code of losses and layers of the caller's own; profiles; and the batch of the
 * last step. A G step of its own (gan_session_generator_step()) looks at that batch, so that after loading
 * it says GAN_ERROR_STATE until a D step is done. For the same reason a session amid batches that it accumulates is
 * not saved.
 *
 * These calls need the JSON library that libgan was built with (gan_has_feature("json")): GAN_ERROR_UNSUPPORTED
 * without. Thread-safety: one thread at a time uses the objects given; different files are independent. */

/* What is saved beside the training. NULL stands for nothing. */
typedef struct gan_checkpoint_options {
    size_t size;
    const char *metric_name; /* UTF-8, 1..47 bytes; NULL: no metric */
    double metric;           /* finite; what was measured of this training; 0 without a name */
    const char *note;        /* UTF-8 text of the caller's own, at most 2^20 bytes; NULL: none */
} gan_checkpoint_options;
#ifndef __cplusplus
#define gan_checkpoint_options(...) (&(gan_checkpoint_options){.size = sizeof(gan_checkpoint_options), __VA_ARGS__})
#endif

/* Writes a checkpoint, whole or not at all: a file of this name is the old one until the new one is complete and on the
 * disk. data: whose place is saved, too; NULL: none. Call it between steps; it changes nothing.
 * GAN_ERROR_INVALID_ARGUMENT: a NULL, an option out of range. GAN_ERROR_STATE: batches that make one step together are
 * not all there (gan_session_options.accumulate). GAN_ERROR_IO: the sentence has the system's reason.
 * GAN_ERROR_OUT_OF_MEMORY: a copy of the file is made in memory. */
GAN_API gan_status gan_checkpoint_save(const gan_session *session, const gan_dataset *data, const char *path,
                                       const gan_checkpoint_options *options);

/* What a checkpoint tells of itself. The caller sets size, the library fills in the rest as far as that goes. */
typedef struct gan_checkpoint_info {
    size_t size;
    uint64_t seed;        /* of the context */
    uint64_t step;        /* D steps done */
    uint64_t epoch;       /* as gan_dataset_epoch(); 0 without a dataset */
    int64_t position;     /* as gan_dataset_position(); 0 without a dataset */
    int64_t pictures;     /* in the dataset; 0: the checkpoint has none */
    double metric;        /* 0 without one */
    char metric_name[48]; /* "" without one */
    bool has_average;     /* of G */
    int classes;          /* as gan_session_classes() */
} gan_checkpoint_info;

/* Reads a whole file, checks that it is undamaged, and tells what is in it, without making anything of it. It needs no
 * context, so that one can be made with the seed that it tells: memory is the C library's.
 * GAN_ERROR_INVALID_ARGUMENT: a NULL, an impossible size. GAN_ERROR_IO. GAN_ERROR_FORMAT: no checkpoint, damaged, or of
 * a later version; the sentence says which. GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_checkpoint_inspect(gan_checkpoint_info *info, const char *path);

/* The note of a checkpoint, as gan_network_summary() gives text: into `capacity` bytes, ended by a 0, with *length (may
 * be NULL) the bytes of the whole without it; "" without a note. Errors as gan_checkpoint_inspect(). */
GAN_API gan_status gan_checkpoint_note(const char *path, char *text, size_t capacity, size_t *length);

/* Makes the session of a checkpoint; no builder code is needed. The context's seed must be the checkpoint's. Layers of
 * the caller's own must have been registered (gan/custom.h). loss: for a game whose loss is the caller's own, a loss of
 * the same name; NULL for the library's. data: NULL, or a dataset like the one that was saved, which is brought to its
 * place. The caller owns the session; gan_session_generator() and its like give its parts. Nothing is changed on
 * failure. GAN_ERROR_INVALID_ARGUMENT: a NULL; another seed, loss or dataset: the sentence names both. GAN_ERROR_IO,
 * GAN_ERROR_FORMAT, GAN_ERROR_SHAPE: as of gan_network_load(). GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_checkpoint_load(gan_session **session, gan_context *context, gan_dataset *data, const char *path,
                                       const gan_adversarial_loss *loss);

/* Brings a session that was built like the one that was saved (networks, optimizers, options, loss, penalties,
 * schedules, average, augmentation) to where that one was, and the dataset, when there is one, to its place. The rates
 * of the optimizers and the augmentation's probability are the checkpoint's. Nothing is changed on failure. Errors as
 * above; GAN_ERROR_INVALID_ARGUMENT when the two differ in anything: the sentence names it, and both values. */
GAN_API gan_status gan_checkpoint_restore(gan_session *session, gan_dataset *data, const char *path);

/* One of the networks alone, to use it: any seed will do. */
typedef enum gan_checkpoint_part {
    GAN_CHECKPOINT_SAMPLER = 0, /* what to sample from: the average of G when there is one, else G */
    GAN_CHECKPOINT_GENERATOR = 1,
    GAN_CHECKPOINT_DISCRIMINATOR = 2,
    GAN_CHECKPOINT_AVERAGE = 3
} gan_checkpoint_part;

/* Makes a built network from a part of a checkpoint; part: a gan_checkpoint_part. The caller owns it.
 * GAN_ERROR_INVALID_ARGUMENT: a NULL, no such part, a checkpoint without an average. Else as gan_network_load(). */
GAN_API gan_status gan_checkpoint_network(gan_network **network, gan_context *context, const char *path, int part);

/* A keeper writes checkpoints into a folder while a training goes on: every so many steps or seconds, of which the last
 * few stay, and the best one by a metric. Their names are checkpoint-NUMBER-step-STEP.safetensors, the number rising
 * with each one that is written (where copying has made two with one number, the later step is the newer), and
 * best-METRIC.safetensors. One keeper at a time has a folder; it may share it with other files. */
typedef struct gan_keeper gan_keeper;

typedef struct gan_keeper_options {
    size_t size;
    const char *folder;      /* which is there; required; at most 3900 bytes */
    int keep;                /* numbered checkpoints that stay, 1..1000000; default 3 */
    bool lower_is_better;    /* of the metric */
    int64_t every_steps;     /* D steps, 1.., default 0: not by steps */
    double every_seconds;    /* above 0, default 0: not by time */
    const char *metric_name; /* 1..47 letters, digits, '_' and '-'; default "metric" */
} gan_keeper_options;
#ifndef __cplusplus
#define gan_keeper_options(...) (&(gan_keeper_options){.size = sizeof(gan_keeper_options), __VA_ARGS__})
#endif

/* Makes a keeper. It goes on with what is in the folder: numbers go on, and the best one there is the one to be beaten.
 * Temporary files that a killed program left there (.gan-*.tmp) are removed. GAN_ERROR_INVALID_ARGUMENT: a NULL, an
 * option out of range. GAN_ERROR_IO: no such folder. GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_keeper_create(gan_keeper **keeper, gan_context *context, const gan_keeper_options *options);

/* Frees the keeper and sets *keeper to NULL; the files stay. NULL and a pointer to NULL are fine. */
GAN_API void gan_keeper_free(gan_keeper **keeper);

/* To be called after each step: saves when it is time, at steps that are multiples of every_steps (or the first call
 * after one), or every_seconds after the keeper was made or saved last; amid batches that are accumulated it waits. It
 * takes no memory and makes no call of the system but for the clock when it does not save. *saved (may be NULL) tells.
 * options: as of gan_checkpoint_save(), when it saves. After a failure to save it tries again when it is time again.
 * Errors as gan_checkpoint_save(). */
GAN_API gan_status gan_keeper_step(gan_keeper *keeper, const gan_session *session, const gan_dataset *data,
                                   const gan_checkpoint_options *options, bool *saved);

/* Saves now, as at the end of a training, and once more when this step has been saved. Older checkpoints than the last
 * `keep` are removed, when the new one is there; one that cannot be removed is told to the context's log. Errors as
 * gan_checkpoint_save(). */
GAN_API gan_status gan_keeper_save(gan_keeper *keeper, const gan_session *session, const gan_dataset *data,
                                   const gan_checkpoint_options *options);

/* Tells what the training is worth now, by the metric of metric_name: when it is better than all that were told in this
 * folder, best-METRIC.safetensors is written, and *best (may be NULL) is true. note: as of gan_checkpoint_options.
 * GAN_ERROR_NUMERIC: the metric is not finite. Else as gan_checkpoint_save(). */
GAN_API gan_status gan_keeper_score(gan_keeper *keeper, const gan_session *session, const gan_dataset *data,
                                    double metric, const char *note, bool *best);

/* Finds the newest undamaged of the numbered checkpoints in a folder: writes its path, ended by a 0, into `capacity`
 * bytes, and what it tells of itself into info (may be NULL; its size is set by the caller). The path is "" where the
 * folder has none. *skipped (may be NULL): newer ones that are damaged; gan_last_error() tells of the last one of them.
 * GAN_ERROR_INVALID_ARGUMENT: a NULL, no room for the path. GAN_ERROR_IO: no such folder. GAN_ERROR_FORMAT: all are
 * damaged. GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_checkpoint_newest(const char *folder, char *path, size_t capacity, gan_checkpoint_info *info,
                                         int *skipped);

#ifdef __cplusplus
}
#endif
#endif
