/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_OPTIMIZER_ADAM_H
#define GAN_OPTIMIZER_ADAM_H

#include "optimizer/optimizer.h"

#include <float.h>

/* What Adam and AdamW have in common: the update, from optimizer->options.adam; the states, the last of them AMSGrad's;
 * the fields of their options. */
void gan_adam_update(void *optimizer, int64_t begin, int64_t end, int worker);

#define GAN_ADAM_STATES   \
    {                     \
        "m", "v", "v_max" \
    }

#define GAN_ADAM_FIELDS(options)                                                                        \
    {"rate", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_LOW, offsetof(options, rate), 0, FLT_MAX, 0.001},          \
        {"beta1", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_HIGH, offsetof(options, beta1), 0, 1, 0.9},           \
        {"beta2", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_HIGH, offsetof(options, beta2), 0, 1, 0.999},         \
        {"epsilon", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_LOW, offsetof(options, epsilon), 0, FLT_MAX, 1e-8}, \
    {                                                                                                   \
        "amsgrad", GAN_FIELD_BOOL, 0, offsetof(options, amsgrad), 0, 1, 0                               \
    }

#endif
