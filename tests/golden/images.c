/* SPDX-License-Identifier: BSD-2-Clause */
#include "golden.h"

#include <gan/block.h>
#include <string.h>

/* Layers of pictures and classes, from the settings of their files. */

#define SETTING(name) .name = (int)golden_number(file, #name, 0)
#define WINDOW                                                                  \
    SETTING(kernel_h), SETTING(kernel_w), SETTING(stride_h), SETTING(stride_w), \
        .padding = padding_of(file), SETTING(pad_top), SETTING(pad_bottom), SETTING(pad_left), SETTING(pad_right)

#define KIND(name, ...)                                                 \
    static gan_node *add_##name(const golden *file, gan_node *const *x) \
    {                                                                   \
        (void)file;                                                     \
        return gan_##name(__VA_ARGS__);                                 \
    }
KIND(average_pool, x[0], WINDOW, .include_padding = golden_number(file, "include_padding", 0) != 0)
KIND(max_pool, x[0], WINDOW)
KIND(attention, x[0], .key = x[1], .value = x[2], .scale = (float)golden_number(file, "scale", 0))

KIND(residual_block, x[0], .name = "b", SETTING(filters), SETTING(resample), SETTING(interpolation), SETTING(norm),
     .first = golden_number(file, "first", 0) != 0)
KIND(self_attention, x[0], .name = "b", .no_pool = golden_number(file, "no_pool", 0) != 0,
     .spectral_norm = golden_number(file, "spectral_norm", 0) != 0)

#define ROW(name)         \
    {                     \
#name, add_##name \
    }
static const struct {
    const char *kind;
    gan_node *(*add)(const golden *file, gan_node *const *x);
} kinds[] = {ROW(average_pool), ROW(max_pool), ROW(attention), ROW(residual_block), ROW(self_attention)};

gan_node *add_image_layer(const golden *file, const char *kind, gan_node *const *inputs)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kind, kinds[i].kind) == 0) return kinds[i].add(file, inputs);
    return NULL;
}
