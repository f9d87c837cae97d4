/* SPDX-License-Identifier: BSD-2-Clause */
#include "golden.h"

#include "augment/augment.h"
#include "tensor/tensor.h"

#include <stdio.h>

/* A file of pictures, the draw of each as tensors [N], and what the three passes make of them. */

#define TOLERANCE 1e-6f

static double drawn(const golden *file, const char *name, int64_t index)
{
    char key[32];
    snprintf(key, sizeof key, "draw.%s", name);
    const float *numbers = golden_find(file, key, NULL, NULL);
    ck_assert_msg(numbers != NULL, "there is no %s", key);
    return numbers[index];
}

static gan_augment_draw draw_of(const golden *file, int64_t i)
{
    return (gan_augment_draw){
        .mirror = drawn(file, "mirror", i) != 0,
        .brightness = (float)drawn(file, "brightness", i),
        .saturation = (float)drawn(file, "saturation", i),
        .contrast = (float)drawn(file, "contrast", i),
        .down = (int64_t)drawn(file, "down", i),
        .right = (int64_t)drawn(file, "right", i),
        .hole_top = (int64_t)drawn(file, "hole_top", i),
        .hole_bottom = (int64_t)drawn(file, "hole_bottom", i),
        .hole_left = (int64_t)drawn(file, "hole_left", i),
        .hole_right = (int64_t)drawn(file, "hole_right", i),
    };
}

static const struct {
    gan_augment_pass pass;
    const char *from, *to;
} passes[] = {
    {GAN_AUGMENT_FORWARD, "x", "y"},
    {GAN_AUGMENT_BACKWARD, "dy", "dx"},
    {GAN_AUGMENT_TANGENT, "direction", "tangent"},
};

void check_augment_file(const golden *file, gan_context *context, const char *prefix)
{
    (void)prefix;
    for (size_t p = 0; p < sizeof passes / sizeof passes[0]; p++) {
        gan_tensor *images = golden_tensor(file, context, passes[p].from);
        gan_tensor *expected = golden_tensor(file, context, passes[p].to);
        gan_augment_picture picture = {context->kernels, images->data, images->shape[1], images->shape[2],
                                       images->shape[3]};
        int64_t floats = picture.height * picture.width * picture.channels;
        for (int64_t i = 0; i < images->shape[0]; i++, picture.data += floats) {
            gan_augment_draw draw = draw_of(file, i);
            gan_augment_apply(&picture, &draw, passes[p].pass);
            char what[64];
            snprintf(what, sizeof what, "%s of picture %d", passes[p].to, (int)i);
            check_close(what, picture.data, (float *)expected->data + i * floats, floats, TOLERANCE);
        }
        gan_tensor_free(&expected);
        gan_tensor_free(&images);
    }
}
