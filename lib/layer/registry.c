/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/registry.h"

#include <string.h>

#define LAYER(type, file) &gan_layer_##type,
const gan_layer_type *const gan_layer_types[] = {
#include "layer/layers.def"
    NULL,
};

const gan_layer_type *gan_layer_type_named(const gan_context *context, const char *name)
{
    for (int i = 0; gan_layer_types[i]; i++)
        if (strcmp(gan_layer_types[i]->name, name) == 0) return gan_layer_types[i];
    return gan_custom_type_named(context, name);
}

const gan_layer_type *gan_custom_type_named(const gan_context *context, const char *name)
{
    for (const gan_extension *e = context->layers; e; e = e->next)
        if (strcmp(e->name, name) == 0) return e->block;
    return NULL;
}
