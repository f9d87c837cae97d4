/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_GOLDEN_GOLDEN_H
#define TESTS_GOLDEN_GOLDEN_H

#include "safetensors.h"

/* A kind of file: what its name begins with, and how to check one. */
typedef struct golden_kind {
    const char *prefix;
    void (*check)(const golden *file, gan_context *context, const char *prefix);
} golden_kind;

void check_augment_file(const golden *file, gan_context *context, const char *prefix);
void check_layer_file(const golden *file, gan_context *context, const char *prefix);
void check_penalty_file(const golden *file, gan_context *context, const char *prefix);
void check_optimizer_file(const golden *file, gan_context *context, const char *prefix);
void check_recipe_file(const golden *file, gan_context *context, const char *prefix);
void check_steps_file(const golden *file, gan_context *context, const char *prefix);
void check_loss_file(const golden *file, gan_context *context, const char *prefix);
void check_cross_entropy_file(const golden *file, gan_context *context, const char *prefix);
void check_feature_matching_file(const golden *file, gan_context *context, const char *prefix);
void check_metric_file(const golden *file, gan_context *context, const char *prefix);
void check_spectral_file(const golden *file, gan_context *context, const char *prefix);

/* GAN_PADDING_VALID where the file has no setting "padding". */
int padding_of(const golden *file);

/* The layers of images.c; NULL for another kind. */
gan_node *add_image_layer(const golden *file, const char *kind, gan_node *const *inputs);

#endif
