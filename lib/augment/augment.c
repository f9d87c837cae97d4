/* SPDX-License-Identifier: BSD-2-Clause */
#include "augment/augment.h"
#include "core/options.h"
#include "core/random.h"
#include "tensor/tensor.h"

#include <gan/random.h>
#include <limits.h>
#include <string.h>

/* Floats of a task, about. */
#define GRAIN 16384

/* In the order in which they change a picture. */
static const gan_augment_type *const types[] = {&gan_augment_flip, &gan_augment_colour, &gan_augment_translation,
                                                &gan_augment_cutout};
#define TYPES ((int)(sizeof types / sizeof types[0]))

#define DEFAULT_POLICIES (GAN_AUGMENT_COLOUR | GAN_AUGMENT_TRANSLATION | GAN_AUGMENT_CUTOUT)
#define ALL_POLICIES     (DEFAULT_POLICIES | GAN_AUGMENT_FLIP)
#define NOT_GIVEN        (-1) /* a probability: the default depends on `adaptive` */

#define AT(member) offsetof(gan_augment_options, member)
const gan_field gan_augment_fields[] = {
    {"policies", GAN_FIELD_INT, 0, AT(policies), 1, ALL_POLICIES, DEFAULT_POLICIES},
    {"probability", GAN_FIELD_FLOAT, 0, AT(probability), 0, 1, NOT_GIVEN},
    {"brightness", GAN_FIELD_FLOAT, 0, AT(brightness), 0, 2, 0.5},
    {"saturation", GAN_FIELD_FLOAT, 0, AT(saturation), 0, 1, 1},
    {"contrast", GAN_FIELD_FLOAT, 0, AT(contrast), 0, 1, 0.5},
    {"translation", GAN_FIELD_FLOAT, 0, AT(translation), 0, 1, 0.125},
    {"cutout", GAN_FIELD_FLOAT, 0, AT(cutout), 0, 1, 0.5},
    {"adaptive", GAN_FIELD_BOOL, 0, AT(adaptive), 0, 1, 0},
    {"target", GAN_FIELD_FLOAT, 0, AT(target), -1, 1, 0.6},
    {"interval", GAN_FIELD_INT, 0, AT(interval), 1, INT_MAX, 4},
    {"ramp", GAN_FIELD_INT64, 0, AT(ramp), 1, (double)INT64_MAX, 500000},
};
const int gan_augment_field_count = GAN_FIELD_COUNT(gan_augment_fields);

gan_status gan_augment_create(gan_augment **handle, gan_context *context, const gan_augment_options *given)
{
    if (!handle) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_augment_create: augment is NULL");
    *handle = NULL;
    if (!context) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_augment_create: context is NULL");
    gan_augment_options options;
    gan_status status = gan_options_read(&options, sizeof options, given, "gan_augment_options", gan_augment_fields,
                                         gan_augment_field_count);
    if (status != GAN_OK) return status;
    if (options.probability == NOT_GIVEN) options.probability = options.adaptive ? 0 : 1;
    gan_augment *augment = gan_context_allocate(context, 1, sizeof *augment, "an augmentation");
    if (!augment) return GAN_ERROR_OUT_OF_MEMORY;
    atomic_init(&augment->references, 1);
    augment->context = gan_context_retain(context);
    augment->options = options;
    augment->state.probability = options.probability;
    *handle = augment;
    return GAN_OK;
}

gan_augment *gan_augment_retain(gan_augment *augment)
{
    atomic_fetch_add(&augment->references, 1);
    return augment;
}

void gan_augment_free(gan_augment **handle)
{
    if (!handle || !*handle) return;
    gan_augment *augment = *handle;
    *handle = NULL;
    if (atomic_fetch_sub(&augment->references, 1) > 1) return;
    gan_context *context = augment->context;
    gan_context_release(context, augment);
    gan_context_free(&context);
}

bool gan_augment_happens(const gan_augment *augment, uint32_t word)
{
    return gan_unit_float(word) < augment->state.probability;
}

float gan_augment_uniform(uint32_t word, float centre, float reach)
{
    return centre + reach * (2 * gan_unit_float(word) - 1);
}

int64_t gan_augment_whole(uint32_t word, int64_t n)
{
    return (int64_t)gan_bounded((uint64_t)word << 32, (uint64_t)n);
}

int64_t gan_augment_pixels(int64_t size, float part)
{
    return (int64_t)((double)size * (double)part + 0.5);
}

/* Every policy draws from a substream pair of its own, from the end of the substreams down: the flips of datasets use
 * the same stream from its beginning up. So a policy's numbers do not depend on what else is drawn. */
gan_augment_draw gan_augment_draw_at(const gan_augment *augment, uint64_t position, int64_t height, int64_t width)
{
    gan_augment_draw draw = GAN_AUGMENT_UNCHANGED;
    gan_philox philox = {.seed = augment->context->seed, .stream = GAN_STREAM_AUGMENTATION};
    for (int i = 0; i < TYPES; i++) {
        if (!((unsigned)augment->options.policies & types[i]->policy)) continue;
        uint32_t words[GAN_AUGMENT_WORDS];
        for (uint32_t k = 0; k < GAN_AUGMENT_WORDS / 4; k++) {
            philox.substream = UINT32_MAX - 2 * types[i]->policy - k;
            gan_philox_block(&philox, position, words + 4 * k);
        }
        types[i]->draw(&draw, augment, height, width, words);
    }
    return draw;
}

void gan_augment_apply(const gan_augment_picture *picture, const gan_augment_draw *draw, gan_augment_pass pass)
{
    for (int i = 0; i < TYPES; i++) /* (A B)^T = B^T A^T */
        types[pass == GAN_AUGMENT_BACKWARD ? TYPES - 1 - i : i]->apply[pass](picture, draw);
}

/* What the passes call their tensors. */
static const struct {
    const char *call, *target, *source;
} names[GAN_AUGMENT_PASSES] = {
    [GAN_AUGMENT_FORWARD] = {"gan_augment_forward", "output", "images"},
    [GAN_AUGMENT_TANGENT] = {"gan_augment_tangent", "tangent", "direction"},
    [GAN_AUGMENT_BACKWARD] = {"gan_augment_backward", "dx", "dy"},
};

static gan_status check(const gan_augment *augment, const gan_tensor *target, const gan_tensor *source,
                        gan_augment_pass pass)
{
    const char *call = names[pass].call;
    char given[GAN_TENSOR_TEXT], wanted[GAN_TENSOR_TEXT];
    if (!augment || !target || !source)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s is NULL", call,
                        !augment  ? "augment"
                        : !target ? names[pass].target
                                  : names[pass].source);
    if (source->type != GAN_FLOAT32 || source->rank != 4)
        return gan_fail(GAN_ERROR_SHAPE, "%s: %s is %s; it must be float [N,H,W,C]", call, names[pass].source,
                        gan_tensor_text(given, source));
    if (target->shape[0] != source->shape[0] || !gan_tensor_fits(target, 3, source->shape + 1))
        return gan_fail(GAN_ERROR_SHAPE, "%s: %s is %s; it must be as %s, %s", call, names[pass].target,
                        gan_tensor_text(given, target), names[pass].source, gan_tensor_text(wanted, source));
    return GAN_OK;
}

struct batch {
    const gan_augment *augment;
    gan_augment_pass pass;
    float *target;
    const float *source;
    const int64_t *size; /* height, width, channels */
    uint64_t position;
};

static void change_pictures(void *argument, int64_t begin, int64_t end, int worker)
{
    const struct batch *b = argument;
    gan_augment_picture picture = {
        .kernels = b->augment->context->kernels, .height = b->size[0], .width = b->size[1], .channels = b->size[2]};
    int64_t floats = picture.height * picture.width * picture.channels;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        picture.data = b->target + i * floats;
        if (b->target != b->source) memcpy(picture.data, b->source + i * floats, (size_t)floats * sizeof *picture.data);
        gan_augment_draw draw =
            gan_augment_draw_at(b->augment, b->position + (uint64_t)i, picture.height, picture.width);
        gan_augment_apply(&picture, &draw, b->pass);
    }
}

static gan_status change(const gan_augment *augment, gan_tensor *target, const gan_tensor *source, uint64_t position,
                         gan_augment_pass pass)
{
    gan_status status = check(augment, target, source, pass);
    if (status != GAN_OK) return status;
    struct batch batch = {augment, pass, target->data, source->data, source->shape + 1, position};
    int64_t count = source->shape[0], floats = gan_tensor_count(source) / count;
    gan_pool_ranges(augment->context->pool, change_pictures, &batch, count, floats < GRAIN ? GRAIN / floats : 1);
    return GAN_OK;
}

gan_status gan_augment_forward(const gan_augment *augment, gan_tensor *output, const gan_tensor *images,
                               uint64_t position)
{
    return change(augment, output, images, position, GAN_AUGMENT_FORWARD);
}

gan_status gan_augment_tangent(const gan_augment *augment, gan_tensor *tangent, const gan_tensor *direction,
                               uint64_t position)
{
    return change(augment, tangent, direction, position, GAN_AUGMENT_TANGENT);
}

gan_status gan_augment_backward(const gan_augment *augment, gan_tensor *dx, const gan_tensor *dy, uint64_t position)
{
    return change(augment, dx, dy, position, GAN_AUGMENT_BACKWARD);
}
