/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/error.h"

#include <gan/checkpoint.h>
#include <gan/storage.h>
#include <gan/weights.h>

/* In place of storage.c, weights.c, checkpoint.c and keeper.c where the build has no JSON library. */

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

gan_status gan_checkpoint_save(const gan_session *session, const gan_dataset *data, const char *path,
                               const gan_checkpoint_options *options)
{
    (void)session;
    (void)data;
    (void)path;
    (void)options;
    return unsupported("gan_checkpoint_save");
}

gan_status gan_checkpoint_inspect(gan_checkpoint_info *info, const char *path)
{
    (void)info;
    (void)path;
    return unsupported("gan_checkpoint_inspect");
}

gan_status gan_checkpoint_note(const char *path, char *text, size_t capacity, size_t *length)
{
    (void)path;
    (void)text;
    (void)capacity;
    if (length) *length = 0;
    return unsupported("gan_checkpoint_note");
}

gan_status gan_checkpoint_load(gan_session **session, gan_context *context, gan_dataset *data, const char *path,
                               const gan_adversarial_loss *loss)
{
    (void)context;
    (void)data;
    (void)path;
    (void)loss;
    if (session) *session = NULL;
    return unsupported("gan_checkpoint_load");
}

gan_status gan_checkpoint_restore(gan_session *session, gan_dataset *data, const char *path)
{
    (void)session;
    (void)data;
    (void)path;
    return unsupported("gan_checkpoint_restore");
}

gan_status gan_checkpoint_network(gan_network **network, gan_context *context, const char *path, int part)
{
    (void)context;
    (void)path;
    (void)part;
    if (network) *network = NULL;
    return unsupported("gan_checkpoint_network");
}

gan_status gan_keeper_create(gan_keeper **keeper, gan_context *context, const gan_keeper_options *options)
{
    (void)context;
    (void)options;
    if (keeper) *keeper = NULL;
    return unsupported("gan_keeper_create");
}

void gan_keeper_free(gan_keeper **keeper)
{
    (void)keeper; /* there is none */
}

gan_status gan_keeper_step(gan_keeper *keeper, const gan_session *session, const gan_dataset *data,
                           const gan_checkpoint_options *options, bool *saved)
{
    (void)keeper;
    (void)session;
    (void)data;
    (void)options;
    if (saved) *saved = false;
    return unsupported("gan_keeper_step");
}

gan_status gan_keeper_save(gan_keeper *keeper, const gan_session *session, const gan_dataset *data,
                           const gan_checkpoint_options *options)
{
    (void)keeper;
    (void)session;
    (void)data;
    (void)options;
    return unsupported("gan_keeper_save");
}

gan_status gan_keeper_score(gan_keeper *keeper, const gan_session *session, const gan_dataset *data, double metric,
                            const char *note, bool *best)
{
    (void)keeper;
    (void)session;
    (void)data;
    (void)metric;
    (void)note;
    if (best) *best = false;
    return unsupported("gan_keeper_score");
}

gan_status gan_checkpoint_newest(const char *folder, char *path, size_t capacity, gan_checkpoint_info *info,
                                 int *skipped)
{
    (void)folder;
    (void)info;
    if (path && capacity) path[0] = 0;
    if (skipped) *skipped = 0;
    return unsupported("gan_checkpoint_newest");
}
