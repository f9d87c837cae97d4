/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_IO_JSON_H
#define GAN_IO_JSON_H

#include <cjson/cJSON.h>
#include <gan/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Parses UTF-8 text with nothing but space after the value. `what` names it in errors. GAN_ERROR_FORMAT: no JSON, not
 * UTF-8, or a 0 in it; GAN_ERROR_OUT_OF_MEMORY. The caller frees the result with cJSON_Delete(). */
gan_status gan_json_parse(cJSON **json, const char *text, size_t length, const char *what);

/* A whole number of low..high. */
bool gan_json_integer(const cJSON *item, int64_t low, int64_t high, int64_t *number);

#endif
