/* SPDX-License-Identifier: BSD-2-Clause */
#include "optimizer/optimizer.h"

#include <string.h>

static const gan_optimizer_kind *const kinds[] = {&gan_sgd_kind, &gan_rmsprop_kind, &gan_adam_kind, &gan_adamw_kind};

const gan_optimizer_kind *gan_optimizer_kind_named(const char *name)
{
    for (size_t i = 0; name && i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i]->name, name) == 0) return kinds[i];
    return NULL;
}
