/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_IO_STATE_H
#define GAN_IO_STATE_H

#include "data/dataset.h"
#include "io/safetensors.h"
#include "session/session.h"

#include <cjson/cJSON.h>

/* What moves while a session plays: tensors, by name, and numbers, as JSON. docs/formats.md lists both. All is read and
 * checked before any of it is set, which cannot fail. */

/* The tensors of a session, in the session's own memory. */
typedef struct gan_state_tensors {
    gan_context *context;
    gan_stored_tensor *list;
    char (*names)[256];
    int count;
} gan_state_tensors;

gan_status gan_state_list(gan_state_tensors *tensors, const gan_session *session);
void gan_state_free_list(gan_state_tensors *tensors);

/* GAN_ERROR_FORMAT when the file does not have just these tensors. */
gan_status gan_state_check_tensors(const gan_state_tensors *tensors, const gan_safetensors *file);

/* The parameters and buffers that a file has for one network, under this prefix; checked before any is set. */
gan_status gan_state_read_network(gan_network *network, const char *prefix, const gan_safetensors *file);

/* Numbers: counters, places in streams, rates, the augmentation's state. Writing: NULL when memory is out. */
#define GAN_STATE_COUNTERS 20

typedef struct gan_state_numbers {
    uint64_t counters[GAN_STATE_COUNTERS];
    double rates[2]; /* of the optimizers of G and D */
    gan_augment_state augment;
} gan_state_numbers;

cJSON *gan_state_write(const gan_session *session);
gan_status gan_state_read(gan_state_numbers *numbers, const gan_session *session, const cJSON *state, const char *what);
void gan_state_set(gan_session *session, const gan_state_numbers *numbers, const gan_state_tensors *tensors,
                   const gan_safetensors *file);

/* The dataset: what it must be like, and its place. */
typedef struct gan_state_place {
    uint64_t epoch;
    int64_t position, pictures;
} gan_state_place;

cJSON *gan_state_write_dataset(const gan_dataset *data);

/* data: NULL, or the dataset that must be like it. */
gan_status gan_state_read_dataset(gan_state_place *place, const gan_dataset *data, const cJSON *item, const char *what);

#endif
