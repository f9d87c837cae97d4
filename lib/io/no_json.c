/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/error.h"

#include <gan/storage.h>
#include <gan/weights.h>

/* In place of storage.c and weights.c where the build has no JSON library. */

static gan_status unsupported(const char *call)
{
    return gan_fail(GAN_ERROR_UNSUPPORTED, "%s: this build of libgan has no JSON library", call);
}

gan_status gan_network_save(const gan_network *network, const char *path)
{
    (void)network;
    (void)path;
    return unsupported("gan_network_save");
}

gan_status gan_network_load(gan_network **network, gan_context *context, const char *path)
{
    (void)context;
    (void)path;
    if (network) *network = NULL;
    return unsupported("gan_network_load");
}

gan_status gan_network_load_weights(gan_network *network, const char *path)
{
    (void)network;
    (void)path;
    return unsupported("gan_network_load_weights");
}

gan_status gan_network_to_json(const gan_network *network, char *text, size_t capacity, size_t *length)
{
    (void)network;
    (void)text;
    (void)capacity;
    if (length) *length = 0;
    return unsupported("gan_network_to_json");
}

gan_status gan_network_from_json(gan_network **network, gan_context *context, const char *text, size_t length)
{
    (void)context;
    (void)text;
    (void)length;
    if (network) *network = NULL;
    return unsupported("gan_network_from_json");
}

gan_status gan_network_export_weights(const gan_network *network, const char *path, const gan_weights_options *options)
{
    (void)network;
    (void)path;
    (void)options;
    return unsupported("gan_network_export_weights");
}

gan_status gan_network_import_weights(gan_network *network, const char *path, const gan_weights_options *options)
{
    (void)network;
    (void)path;
    (void)options;
    return unsupported("gan_network_import_weights");
}
