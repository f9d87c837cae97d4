/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_IO_ARCHITECTURE_H
#define GAN_IO_ARCHITECTURE_H

#include "network/network.h"

#include <cjson/cJSON.h>

/* A network's architecture as JSON: its name, the initializer that layers without one of their own have, its layers in
 * their order with type, name, inputs and options, and the names of its outputs. */

#define GAN_ARCHITECTURE_VERSION 1

/* NULL when memory is out. The caller frees it with cJSON_Delete(). */
cJSON *gan_architecture_write(const gan_network *network);

/* Makes the network and builds it. `what` names the source in errors. floats: GAN_ERROR_FORMAT when parameters and
 * buffers need more, before there is memory for them; SIZE_MAX: whatever they need. */
gan_status gan_architecture_read(gan_network **network, gan_context *context, const cJSON *json, const char *what,
                                 size_t floats);

#endif
