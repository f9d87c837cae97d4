/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/registry.h"

/* An input has no options and no work: the graph sets its output shape, a run points it at the caller's tensor. */
static gan_status infer(gan_layer *layer)
{
    (void)layer;
    return GAN_OK;
}

const gan_layer_type gan_layer_input = {
    .name = "input", .short_name = "input", .options_size = sizeof(size_t), .infer = infer};
