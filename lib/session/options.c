/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/session.h"

#include <float.h>

/* What a session is made of: whether each option is in range, and whether all of them go together. */

#define MAX_CLASSES (1 << 24) /* a float counts so far */
#define MOST_CLIP   1e18      /* its square is a float */

#define FIELD(name, type, low, high, fallback)                                               \
    {                                                                                        \
#name, GAN_FIELD_##type, 0, offsetof(gan_session_options, name), low, high, fallback \
    }

const gan_field gan_session_fields[] = {
    FIELD(generator, POINTER, 0, 0, 0),
    FIELD(discriminator, POINTER, 0, 0, 0),
    FIELD(generator_optimizer, POINTER, 0, 0, 0),
    FIELD(discriminator_optimizer, POINTER, 0, 0, 0),
    FIELD(smoothing, FLOAT, 0, 0.5, 0),
    FIELD(discriminator_steps, INT, 1, 1 << 20, 1),
    FIELD(fake_smoothing, FLOAT, 0, 0.5, 0),
    FIELD(scheme, INT, GAN_SCHEME_ALTERNATING, GAN_SCHEME_SIMULTANEOUS, GAN_SCHEME_ALTERNATING),
    FIELD(classes, INT, 1, MAX_CLASSES, 0),
    FIELD(fake_labels, INT, GAN_FAKE_LABELS_UNIFORM, GAN_FAKE_LABELS_REAL, GAN_FAKE_LABELS_UNIFORM),
    FIELD(classifier_weight, FLOAT, 0, FLT_MAX, 0),
    FIELD(classifier_output, INT, 1, GAN_MAX_INPUTS - 1, 1),
    FIELD(feature_weight, FLOAT, 0, FLT_MAX, 0),
    FIELD(feature_output, INT, 1, GAN_MAX_INPUTS - 1, 0),
    FIELD(features_only, BOOL, 0, 1, 0),
    FIELD(generator_clip_norm, FLOAT, 0, MOST_CLIP, 0),
    FIELD(discriminator_clip_norm, FLOAT, 0, MOST_CLIP, 0),
    FIELD(generator_clip_value, FLOAT, 0, MOST_CLIP, 0),
    FIELD(discriminator_clip_value, FLOAT, 0, MOST_CLIP, 0),
    FIELD(discriminator_clip_weights, FLOAT, 0, MOST_CLIP, 0),
    FIELD(accumulate, INT, 1, 65536, 1),
    GAN_FIELD_RESERVED(gan_session_options),
};
const int gan_session_field_count = GAN_FIELD_COUNT(gan_session_fields);

static const char call[] = "gan_session_create";

static gan_status check_counts(const gan_network *g, const gan_network *d)
{
    if (g->input_count > 2 || g->output_count != 1)
        return gan_fail(GAN_ERROR_SHAPE,
                        "%s: the generator has %d inputs and %d outputs; it must have one of each, the latents and the "
                        "picture, and may have labels as its second input",
                        call, g->input_count, g->output_count);
    if (d->input_count > 2)
        return gan_fail(
            GAN_ERROR_SHAPE,
            "%s: the discriminator has %d inputs; it must have one, the picture, and may have labels as its "
            "second",
            call, d->input_count);
    if (d->input_count > g->input_count)
        return gan_fail(GAN_ERROR_SHAPE,
                        "%s: the discriminator takes labels and the generator, with one input, does not", call);
    return GAN_OK;
}

/* Whether the two networks can play with each other. */
static gan_status check_networks(const gan_network *g, const gan_network *d)
{
    if (g->context != d->context || g == d)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: generator and discriminator %s", call,
                        g == d ? "are the same network" : "are of different contexts");
    gan_status status = check_counts(g, d);
    if (status != GAN_OK) return status;
    const gan_shape *picture = &g->outputs[0]->layer.output, *input = &d->inputs[0]->layer.output;
    const gan_shape *logit = &d->outputs[0]->layer.output;
    char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
    if (!gan_shapes_equal(picture, input))
        return gan_fail(GAN_ERROR_SHAPE, "%s: the generator makes %s and the discriminator takes %s", call,
                        gan_shape_text(a, picture->rank, picture->size), gan_shape_text(b, input->rank, input->size));
    if (gan_shape_elements(logit) != 1)
        return gan_fail(GAN_ERROR_SHAPE, "%s: the discriminator's output is %s; it must be one number, the logit", call,
                        gan_shape_text(a, logit->rank, logit->size));
    return GAN_OK;
}

static gan_status check_parts(const gan_session_options *o)
{
    gan_status status = gan_network_require_built(o->generator, call, "generator");
    if (status == GAN_OK) status = gan_network_require_built(o->discriminator, call, "discriminator");
    if (status == GAN_OK) status = check_networks(o->generator, o->discriminator);
    if (status != GAN_OK) return status;
    bool g_fits = o->generator_optimizer->network == o->generator;
    bool d_fits = o->discriminator_optimizer->network == o->discriminator;
    if (g_fits && d_fits) return GAN_OK;
    return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s_optimizer was made for another network", call,
                    g_fits ? "discriminator" : "generator");
}

/* Smoothing is for losses that have targets. */
static gan_status check_smoothing(const gan_session_options *o, const gan_adversarial_loss *loss)
{
    if (loss->flags & GAN_LOSS_TAKES_TARGETS) return GAN_OK;
    if (o->smoothing <= 0 && o->fake_smoothing <= 0) return GAN_OK;
    bool real = o->smoothing > 0;
    return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                    "gan_session_options.%s is %g; the loss \"%s\" has no targets to smooth, so that it must be 0",
                    real ? "smoothing" : "fake_smoothing", real ? o->smoothing : o->fake_smoothing, loss->name);
}

/* One of D's outputs besides the logit. */
static gan_status check_output(const gan_session_options *o, const char *option, int output)
{
    int count = o->discriminator->output_count;
    if (output >= 1 && output < count) return GAN_OK;
    return gan_fail(GAN_ERROR_SHAPE,
                    "gan_session_options.%s is %d; the discriminator has %d output%s, and output 0 is the logit",
                    option, output, count, count == 1 ? "" : "s");
}

static gan_status check_features(gan_session_options *o)
{
    if (!(o->feature_weight > 0)) {
        if (!o->features_only) return GAN_OK;
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "gan_session_options.features_only is set and feature_weight is 0; it must be above 0");
    }
    if (o->feature_output == 0) o->feature_output = o->discriminator->output_count - 1;
    return check_output(o, "feature_output", o->feature_output);
}

/* An option of games with labels, in a game that has none. */
static gan_status check_unlabelled(const gan_session_options *o)
{
    const char *option = o->classes                 ? "classes"
                         : o->fake_labels           ? "fake_labels"
                         : o->classifier_weight > 0 ? "classifier_weight"
                                                    : NULL;
    if (!option) return GAN_OK;
    return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                    "gan_session_options.%s is set, and the generator takes no labels; it must have a second input",
                    option);
}

/* The classes that the label input of a network tells of: 0 when there is none, or when it is one number. */
static gan_status read_one_hot(const gan_network *network, const char *player, int64_t *classes)
{
    *classes = 0;
    if (network->input_count < 2) return GAN_OK;
    const gan_shape *shape = &network->inputs[1]->layer.output;
    char text[GAN_SHAPE_TEXT];
    if (shape->rank != 1)
        return gan_fail(
            GAN_ERROR_SHAPE,
            "%s: the %s's second input is %s; labels are [1], the number of the class, or [classes], one-hot", call,
            player, gan_shape_text(text, shape->rank, shape->size));
    if (shape->size[0] > 1) *classes = shape->size[0];
    return GAN_OK;
}

/* The number of classes: all that know it agree. */
static gan_status agree_on_classes(gan_session_options *o)
{
    struct {
        const char *what;
        int64_t classes;
    } sources[] = {
        {"gan_session_options.classes is", o->classes},
        {"the generator's label input is one-hot of", 0},
        {"the discriminator's label input is one-hot of", 0},
        {"the classifier's output has", 0},
    };
    gan_status status = read_one_hot(o->generator, "generator", &sources[1].classes);
    if (status == GAN_OK) status = read_one_hot(o->discriminator, "discriminator", &sources[2].classes);
    if (status == GAN_OK && o->classifier_weight > 0) {
        status = check_output(o, "classifier_output", o->classifier_output);
        if (status == GAN_OK)
            sources[3].classes = gan_shape_elements(&o->discriminator->outputs[o->classifier_output]->layer.output);
    }
    if (status != GAN_OK) return status;
    int first = 0;
    while (first < 4 && sources[first].classes == 0) first++;
    if (first == 4)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "gan_session_options.classes is 0; a label input of one number does not tell how many classes "
                        "there are: it must be 1 to %d",
                        MAX_CLASSES);
    for (int i = first + 1; i < 4; i++)
        if (sources[i].classes && sources[i].classes != sources[first].classes)
            return gan_fail(GAN_ERROR_SHAPE, "%s: %s %lld and %s %lld; the numbers of classes must agree", call,
                            sources[first].what, (long long)sources[first].classes, sources[i].what,
                            (long long)sources[i].classes);
    if (sources[first].classes > MAX_CLASSES)
        return gan_fail(GAN_ERROR_SHAPE, "%s: there are %lld classes; there may be %d", call,
                        (long long)sources[first].classes, MAX_CLASSES);
    o->classes = (int)sources[first].classes;
    return GAN_OK;
}

gan_status gan_session_options_read(gan_session_options *options, gan_adversarial_loss *loss,
                                    const gan_session_options *given)
{
    gan_status status = gan_options_read(options, sizeof *options, given, "gan_session_options", gan_session_fields,
                                         gan_session_field_count);
    if (status == GAN_OK) status = gan_adversarial_loss_read(loss, options->loss, "gan_session_options.loss");
    if (status == GAN_OK) status = check_smoothing(options, loss);
    if (status == GAN_OK) status = check_parts(options);
    if (status == GAN_OK) status = check_features(options);
    if (status != GAN_OK) return status;
    return options->generator->input_count == 1 ? check_unlabelled(options) : agree_on_classes(options);
}
