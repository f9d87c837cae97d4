/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_IO_FIELDS_H
#define GAN_IO_FIELDS_H

#include "core/options.h"
#include "io/json.h"

#include <gan/tensor.h>

/* Option structs as JSON objects, from their tables of fields: a new option is saved and loaded without a line here.
 * A member that has its default is left out; pointers are not looked at. */

/* An object of the members, or NULL when memory is out. options: as gan_options_read() gave them. */
cJSON *gan_fields_write(const gan_field *fields, int count, const void *options);

/* Sets the members that the object has, for gan_options_read() to check and complete. `where` names the object, and
 * `what` the source. GAN_ERROR_FORMAT, and GAN_ERROR_INVALID_ARGUMENT for a 0 that is out of range. */
gan_status gan_fields_read(const gan_field *fields, int count, void *options, const cJSON *object, const char *what,
                           const char *where);

/* Adds the item to the object, or frees it. False when it is NULL or memory is out. */
bool gan_json_add(cJSON *object, const char *name, cJSON *item);

/* The double of fewest digits that gives the float back: 0.02, where the float itself is 0.0199999996. A NaN or
 * infinity is never in checked options. */
cJSON *gan_json_float(float number);

/* A shape that a 0 ends, or the array's end. Reading: false for what is not GAN_JSON_SHAPE. */
#define GAN_JSON_SHAPE "an array of up to 7 whole numbers, none of them 0"
cJSON *gan_json_shape(int rank, const int64_t *shape);
bool gan_json_read_shape(int64_t *shape, const cJSON *item);
int gan_json_shape_rank(const int64_t *shape);

cJSON *gan_json_initializer(const gan_initializer *initializer);
gan_status gan_json_read_initializer(gan_initializer *initializer, const cJSON *item, const char *what,
                                     const char *where);

#endif
