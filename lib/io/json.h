/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_IO_JSON_H
#define GAN_IO_JSON_H

#include "context/context.h"

#include <cjson/cJSON.h>

/* Parses UTF-8 text with nothing but space after the value. `what` names it in errors. GAN_ERROR_FORMAT: no JSON, not
 * UTF-8, a 0 in it, or an object that has a key twice; GAN_ERROR_OUT_OF_MEMORY. The caller frees the result with
 * cJSON_Delete(). */
gan_status gan_json_parse(cJSON **json, gan_context *context, const char *text, size_t length, const char *what);

/* GAN_ERROR_FORMAT when the value is no object, or has a key that is not among `keys`, which NULL ends. `where` names
 * the value, and `what` the source. */
gan_status gan_json_check_keys(const cJSON *object, const char *const *keys, const char *what, const char *where);

/* A whole number of low..high. */
bool gan_json_integer(const cJSON *item, int64_t low, int64_t high, int64_t *number);

/* Numbers of 64 bits, as text in decimal: a JSON number is a double. Reading: false for what is none. */
cJSON *gan_json_counter(uint64_t number);
bool gan_json_read_counter(uint64_t *number, const cJSON *item);

/* A finite double with all its digits, whatever the locale's decimal point. */
cJSON *gan_json_double(double number);

/* Whether length bytes are UTF-8 without a 0; *wrong (may be NULL): the first byte that is not. */
bool gan_is_utf8(const char *text, size_t length, size_t *wrong);

/* GAN_ERROR_INVALID_ARGUMENT when the two are not the same: the sentence has the place of the first difference and both
 * values, as of the checkpoint and of the session or dataset, which `own_name` tells. */
gan_status gan_json_compare(const cJSON *file, const cJSON *own, const char *what, const char *own_name);

#endif
