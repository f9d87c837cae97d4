/* SPDX-License-Identifier: BSD-2-Clause */
#include "augment/augment.h"
#include "core/options.h"
#include "tensor/tensor.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ADA (Karras, Aittala, Hellsten, Laine, Lehtinen, Aila, "Training generative adversarial networks with limited data",
 * NeurIPS 2020): what moves the probability. */

static gan_status sum_of_signs(const gan_tensor *logits, int64_t *sum)
{
    const float *x = logits->data;
    int64_t count = gan_tensor_count(logits);
    *sum = 0;
    for (int64_t i = 0; i < count; i++) {
        if (isnan(x[i]))
            return gan_fail(GAN_ERROR_NUMERIC, "gan_augment_adapt: logit %lld is not a number", (long long)i);
        *sum += (x[i] > 0) - (x[i] < 0);
    }
    return GAN_OK;
}

static void move_probability(gan_augment_state *state, const gan_augment_options *options)
{
    float r = (float)((double)state->signs / (double)state->logits); /* as exact as the target is given */
    int direction = (r > options->target) - (r < options->target);
    double p = state->probability + direction * ((double)state->pictures / (double)options->ramp);
    *state = (gan_augment_state){.probability = p < 0 ? 0 : p > 1 ? 1 : p};
}

gan_status gan_augment_adapt(gan_augment *augment, const gan_tensor *logits)
{
    if (!augment || !logits)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_augment_adapt: %s NULL",
                        augment ? "logits are" : "augment is");
    if (!augment->options.adaptive)
        return gan_fail(GAN_ERROR_STATE,
                        "gan_augment_adapt: the augmentation was made without gan_augment_options.adaptive");
    if (logits->type != GAN_FLOAT32) {
        char given[GAN_TENSOR_TEXT];
        return gan_fail(GAN_ERROR_SHAPE, "gan_augment_adapt: logits are %s; they must be float",
                        gan_tensor_text(given, logits));
    }
    int64_t signs;
    gan_status status = sum_of_signs(logits, &signs);
    if (status != GAN_OK) return status;
    gan_augment_state *state = &augment->state;
    state->batches++;
    state->pictures += logits->shape[0];
    state->logits += gan_tensor_count(logits);
    state->signs += signs;
    if (state->batches >= augment->options.interval) move_probability(state, &augment->options);
    return GAN_OK;
}

double gan_augment_probability(const gan_augment *augment)
{
    return augment ? augment->state.probability : 0;
}

gan_status gan_augment_set_probability(gan_augment *augment, double probability)
{
    if (!augment) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_augment_set_probability: augment is NULL");
    if (!(probability >= 0 && probability <= 1))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_augment_set_probability: probability is %g; it must be 0 to 1",
                        probability);
    augment->state.probability = probability;
    return GAN_OK;
}

gan_status gan_augment_get_state(const gan_augment *augment, gan_augment_state *state)
{
    if (!augment || !state)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_augment_get_state: %s is NULL", augment ? "state" : "augment");
    size_t size = state->size;
    if (size < sizeof size || size > 65536)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "gan_augment_state.size is %zu; it must be sizeof(gan_augment_state), here %zu", size,
                        sizeof *state);
    gan_augment_state found = augment->state;
    found.size = size;
    memcpy(state, &found, size < sizeof found ? size : sizeof found);
    return GAN_OK;
}

#define MOST       0x1p62 /* leaves room for the next batch */
#define AT(member) offsetof(gan_augment_state, member)
const gan_field gan_augment_state_fields[] = {
    {"batches", GAN_FIELD_INT64, 0, AT(batches), 0, INT_MAX, 0},
    {"pictures", GAN_FIELD_INT64, 0, AT(pictures), 0, MOST, 0},
    {"logits", GAN_FIELD_INT64, 0, AT(logits), 0, MOST, 0},
    {"signs", GAN_FIELD_INT64, 0, AT(signs), -MOST, MOST, 0},
};
const int gan_augment_state_field_count = GAN_FIELD_COUNT(gan_augment_state_fields);

gan_status gan_augment_check_state(const gan_augment *augment, const gan_augment_state *given, gan_augment_state *read)
{
    gan_augment_state state;
    gan_status status = gan_options_read(&state, sizeof state, given, "gan_augment_state", gan_augment_state_fields,
                                         gan_augment_state_field_count);
    if (status != GAN_OK) return status;
    if (!(state.probability >= 0 && state.probability <= 1))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_augment_state.probability is %g; it must be 0 to 1",
                        state.probability);
    int most = augment->options.adaptive ? augment->options.interval - 1 : 0;
    if (state.batches > most)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "gan_augment_state.batches is %lld; with these options it must be "
                        "0 to %d",
                        (long long)state.batches, most);
    if (state.pictures < state.batches || state.logits < state.pictures || llabs(state.signs) > state.logits ||
        (state.batches == 0 && state.logits > 0))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "gan_augment_state has %lld batches, %lld pictures, %lld logits and %lld signs; a batch has at "
                        "least one picture, a picture at least one logit, and a logit one sign",
                        (long long)state.batches, (long long)state.pictures, (long long)state.logits,
                        (long long)state.signs);
    *read = state;
    return GAN_OK;
}

gan_status gan_augment_set_state(gan_augment *augment, const gan_augment_state *given)
{
    if (!augment || !given)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_augment_set_state: %s is NULL", augment ? "state" : "augment");
    return gan_augment_check_state(augment, given, &augment->state);
}
