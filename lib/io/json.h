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

#endif
