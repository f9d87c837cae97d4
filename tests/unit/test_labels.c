/* SPDX-License-Identifier: BSD-2-Clause */
#include "fixture.h"

#include <math.h>
#include <string.h>

/* Games with labels, and the options that have to do with losses, schemes and labels: what is refused, and how. */

static gan_tensor *labels;

/* A game with labels by their number into G, one-hot into D. */
static void setup_labelled(void)
{
    setup();
    labels = new_labels(context, BATCH);
    fill_labels(labels, 0);
    ok(make_game(&play, context, (game_options){.g_labels = 1, .d_labels = GAME_CLASSES}));
}

static void teardown_labelled(void)
{
    gan_tensor_free(&labels);
    teardown();
}

START_TEST(classes)
{
    game plain;
    ok(make_game(&plain, context, (game_options){0}));
    ck_assert_int_eq(gan_session_classes(play.session), GAME_CLASSES);
    ck_assert_int_eq(gan_session_classes(plain.session), 0);
    ck_assert_int_eq(gan_session_classes(NULL), 0);
    free_game(&plain);
}
END_TEST

static gan_session_options loss_and(const char *name, gan_session_options more)
{
    more.loss = gan_adversarial_loss_find(name);
    ck_assert_ptr_nonnull(more.loss);
    return more;
}

static void refused(gan_status status, const char *text, game_options options)
{
    game made;
    fails(status, text, make_game(&made, context, options));
    ck_assert_ptr_null(made.session);
    free_game(&made);
}

START_TEST(numbers_out_of_range)
{
    static const struct {
        gan_session_options play;
        const char *text;
    } cases[] = {
        {{.smoothing = 0.6f}, "smoothing is 0.6"},
        {{.fake_smoothing = 0.6f}, "fake_smoothing is 0.6; it must be at least 0 and at most 0.5"},
        {{.fake_smoothing = -0.1f}, "fake_smoothing is -0.1"},
        {{.fake_smoothing = NAN}, "fake_smoothing is nan"},
        {{.scheme = -1}, "scheme is -1; it must be at least 0 and at most 1"},
        {{.scheme = 2}, "scheme is 2"},
        {{.classes = -1}, "classes is -1; it must be at least 1"},
        {{.classes = (1 << 24) + 1}, "classes is 16777217; it must be at least 1 and at most 16777216"},
        {{.fake_labels = 2}, "fake_labels is 2"},
        {{.classifier_weight = -1}, "classifier_weight is -1"},
        {{.classifier_weight = INFINITY}, "classifier_weight is inf"},
        {{.classifier_output = -1}, "classifier_output is -1; it must be at least 1 and at most 7"},
        {{.classifier_output = 8}, "classifier_output is 8"},
        {{.feature_weight = -1}, "feature_weight is -1"},
        {{.feature_weight = NAN}, "feature_weight is nan"},
        {{.feature_output = 8}, "feature_output is 8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        refused(GAN_ERROR_INVALID_ARGUMENT, cases[i].text,
                (game_options){cases[i].play, 1, GAME_CLASSES, .classifier = true, .features = true});
}
END_TEST

/* The bounds themselves are fine. */
START_TEST(numbers_in_range)
{
    static const gan_session_options cases[] = {
        {.smoothing = 0.5f, .fake_smoothing = 0.5f},
        {.scheme = GAN_SCHEME_SIMULTANEOUS, .fake_labels = GAN_FAKE_LABELS_REAL},
        {.classes = GAME_CLASSES, .classifier_weight = 1, .classifier_output = 1},
        {.feature_weight = 1, .feature_output = 2},
        {.feature_weight = 1, .feature_output = 1, .features_only = true},
        {.classifier_weight = GAN_ZERO, .feature_weight = GAN_ZERO, .fake_smoothing = GAN_ZERO},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        game made;
        ok(make_game(&made, context, (game_options){cases[i], 1, GAME_CLASSES, .classifier = true, .features = true}));
        ok(gan_session_step_labelled(made.session, real, labels, NULL));
        free_game(&made);
    }
}
END_TEST

START_TEST(options_that_do_not_go_together)
{
    const gan_status invalid = GAN_ERROR_INVALID_ARGUMENT, shape = GAN_ERROR_SHAPE;
    gan_adversarial_loss half = *gan_loss_hinge();
    half.generator = NULL;
    refused(invalid, "gan_session_options.loss.generator is NULL", (game_options){.play = {.loss = &half}});
    static const char *const without_targets[] = {"hinge",
                                                  "wasserstein",
                                                  "relativistic_average",
                                                  "relativistic_average_least_squares",
                                                  "relativistic_average_hinge",
                                                  "relativistic_pairing"};
    for (int i = 0; i < 6; i++) {
        refused(invalid, "smoothing is 0.1; the loss \"",
                (game_options){loss_and(without_targets[i], (gan_session_options){.smoothing = 0.1f})});
        refused(invalid, "fake_smoothing is 0.1; the loss \"",
                (game_options){loss_and(without_targets[i], (gan_session_options){.fake_smoothing = 0.1f})});
    }
    refused(invalid, "features_only is set and feature_weight is 0",
            (game_options){.play = {.features_only = true}, .features = true});
    refused(shape, "feature_output is 0; the discriminator has 1 output, and output 0 is the logit",
            (game_options){.play = {.feature_weight = 1}});
    refused(shape, "feature_output is 2; the discriminator has 2 outputs",
            (game_options){.play = {.feature_weight = 1, .feature_output = 2}, .features = true});
    refused(invalid, "classes is set, and the generator takes no labels", (game_options){.play = {.classes = 3}});
    refused(invalid, "fake_labels is set, and the generator takes no labels",
            (game_options){.play = {.fake_labels = GAN_FAKE_LABELS_REAL}});
    refused(invalid, "classifier_weight is set, and the generator takes no labels",
            (game_options){.play = {.classifier_weight = 1}, .classifier = true});
    refused(shape, "the discriminator takes labels and the generator, with one input, does not",
            (game_options){.d_labels = 1});
    refused(invalid, "classes is 0; a label input of one number does not tell", (game_options){.g_labels = 1});
    refused(shape, "classes is 4 and the generator's label input is one-hot of 3; the numbers of classes must agree",
            (game_options){{.classes = 4}, GAME_CLASSES});
    refused(shape, "the generator's label input is one-hot of 3 and the discriminator's label input is one-hot of 5",
            (game_options){{0}, GAME_CLASSES, 5});
    refused(shape, "the discriminator's label input is one-hot of 5 and the classifier's output has 3",
            (game_options){{.classifier_weight = 1}, 1, 5, .classifier = true});
    refused(shape, "classifier_output is 1; the discriminator has 1 output,",
            (game_options){{.classifier_weight = 1}, GAME_CLASSES});
}
END_TEST

/* Networks that are no players. */
static gan_network *network_with(int inputs, const int64_t *last, int last_rank, int outputs)
{
    gan_network *network;
    ok(gan_network_create(&network, context, NULL));
    gan_node *sum = gan_linear(gan_input(network, 10), .units = 8 * 8 * 3);
    for (int i = 1; i < inputs; i++) {
        gan_node *more = gan_input_layer(network, i == inputs - 1 ? last_rank : 1, last, NULL);
        sum = gan_add(sum, gan_linear(gan_flatten(more), .units = 8 * 8 * 3));
    }
    for (int i = 0; i < outputs; i++) gan_network_output(network, gan_reshape(sum, .shape = {8, 8, 3}));
    ok(gan_network_build(network));
    return network;
}

static void no_player(const char *text, int inputs, const int64_t *last, int last_rank, int outputs)
{
    gan_session *session;
    gan_session_options options = play.options;
    gan_network *g = network_with(inputs, last, last_rank, outputs);
    gan_optimizer *optimizer;
    ok(gan_sgd_create(&optimizer, g, NULL));
    options.generator = g;
    options.generator_optimizer = optimizer;
    fails(GAN_ERROR_SHAPE, text, gan_session_create(&session, &options));
    gan_optimizer_free(&optimizer);
    gan_network_free(&g);
}

START_TEST(inputs_that_are_no_labels)
{
    no_player("the generator's second input is [2,2]; labels are [1], the number of the class, or [classes], one-hot",
              2, (int64_t[]){2, 2}, 2, 1);
    no_player("the generator has 3 inputs and 1 outputs", 3, (int64_t[]){3}, 1, 1);
    no_player("the generator has 2 inputs and 2 outputs", 2, (int64_t[]){3}, 1, 2);
}
END_TEST

START_TEST(step_misuse)
{
    gan_tensor *few = new_labels(context, BATCH - 1);
    game plain;
    ok(make_game(&plain, context, (game_options){0}));
    uint64_t before = game_bits(&play);
    const gan_status invalid = GAN_ERROR_INVALID_ARGUMENT;
    fails(invalid, "session is NULL", gan_session_step_labelled(NULL, real, labels, NULL));
    fails(invalid, "session is NULL", gan_session_discriminator_step_labelled(NULL, real, labels, NULL));
    fails(invalid, "labels are NULL; the generator takes labels", gan_session_step(play.session, real, NULL));
    fails(invalid, "labels are NULL", gan_session_step_labelled(play.session, real, NULL, NULL));
    fails(invalid, "labels are NULL", gan_session_discriminator_step(play.session, real, NULL));
    fails(GAN_ERROR_SHAPE, "labels are int32 [11]; they must be int32 [12]",
          gan_session_step_labelled(play.session, real, few, NULL));
    fails(GAN_ERROR_SHAPE, "labels are float [12,8,8,3]; they must be int32 [12]",
          gan_session_step_labelled(play.session, real, real, NULL));
    numbers(labels)[4] = GAME_CLASSES;
    fails(invalid, "labels[4] is 3; it must be 0 to 2", gan_session_step_labelled(play.session, real, labels, NULL));
    numbers(labels)[4] = 0;
    numbers(labels)[0] = -1; /* what datasets without labels give */
    fails(invalid, "labels[0] is -1; it must be 0 to 2", gan_session_step_labelled(play.session, real, labels, NULL));
    fails(invalid, "labels were given, and the generator takes none",
          gan_session_step_labelled(plain.session, real, labels, NULL));
    ck_assert(game_bits(&play) == before);
    ok(gan_session_step_labelled(plain.session, real, NULL, NULL));
    free_game(&plain);
    gan_tensor_free(&few);
}
END_TEST

/* A G step some time after its D step: the labels were copied. */
START_TEST(labels_are_copied)
{
    gan_context *other = new_context(1, GAN_KERNELS_AUTO);
    game again;
    ok(make_game(&again, other, (game_options){.g_labels = 1, .d_labels = GAME_CLASSES}));
    ok(gan_session_step_labelled(again.session, real, labels, NULL));
    ok(gan_session_discriminator_step_labelled(play.session, real, labels, NULL));
    memset(numbers(labels), 0xff, gan_tensor_bytes(labels));
    ok(gan_session_generator_step(play.session, NULL));
    ck_assert(game_bits(&again) == game_bits(&play));
    free_game(&again);
    gan_context_free(&other);
}
END_TEST

START_TEST(labels_matter)
{
    gan_context *other = new_context(1, GAN_KERNELS_AUTO);
    game again;
    ok(make_game(&again, other, (game_options){.g_labels = 1, .d_labels = GAME_CLASSES}));
    ok(gan_session_step_labelled(play.session, real, labels, NULL));
    fill_labels(labels, 1);
    ok(gan_session_step_labelled(again.session, real, labels, NULL));
    ck_assert(game_bits(&again) != game_bits(&play));
    free_game(&again);
    gan_context_free(&other);
}
END_TEST

#define MANY 70 /* more than are made at a time */

/* A picture depends on its own latent and label only; without labels they are drawn. */
START_TEST(samples)
{
    gan_tensor *z = new_tensor(context, GAN_SHAPE(MANY, 10)), *all = new_tensor(context, GAN_SHAPE(MANY, 8, 8, 3));
    gan_tensor *one_z = new_tensor(context, GAN_SHAPE(1, 10)), *one = new_tensor(context, GAN_SHAPE(1, 8, 8, 3));
    gan_tensor *classes_of = new_labels(context, MANY), *class = new_labels(context, 1);
    ok(gan_session_step_labelled(play.session, real, labels, NULL));
    uint64_t before = game_bits(&play);
    fill_normal(context, z, 5);
    fill_labels(classes_of, 2);
    ok(gan_session_sample_labelled(play.session, z, classes_of, all));
    for (int i = 0; i < MANY; i += 23)
        for (int c = 0; c < GAME_CLASSES; c++) {
            memcpy(gan_tensor_floats(one_z), gan_tensor_floats(z) + (ptrdiff_t)i * 10, gan_tensor_bytes(one_z));
            numbers(class)[0] = c;
            ok(gan_session_sample_labelled(play.session, one_z, class, one));
            float difference =
                largest_difference(gan_tensor_floats(one), gan_tensor_floats(all) + (ptrdiff_t)i * 192, 192);
            ck_assert_msg((difference < 1e-5f) == (numbers(classes_of)[i] == c), "%g", difference);
        }
    /* The labels that are drawn are those of their stream, whatever was given before. */
    uint64_t position = 0;
    ok(gan_random_integers(context, GAN_STREAM_SAMPLE_LABELS, &position, class, 0, GAME_CLASSES));
    gan_tensor *drawn = new_tensor(context, GAN_SHAPE(1, 8, 8, 3));
    ok(gan_session_sample(play.session, one_z, drawn));
    ok(gan_session_sample_labelled(play.session, one_z, class, one));
    ck_assert_mem_eq(gan_tensor_data(drawn), gan_tensor_data(one), gan_tensor_bytes(one));
    ck_assert(game_bits(&play) == before);
    gan_tensor *tensors[] = {drawn, class, classes_of, one, one_z, all, z};
    for (int i = 0; i < 7; i++) gan_tensor_free(&tensors[i]);
}
END_TEST

START_TEST(sample_misuse)
{
    gan_tensor *images = new_tensor(context, GAN_SHAPE(2, 8, 8, 3)), *two = new_labels(context, 2);
    game plain;
    ok(make_game(&plain, context, (game_options){0}));
    fails(GAN_ERROR_INVALID_ARGUMENT, "session is NULL", gan_session_sample_labelled(NULL, NULL, two, images));
    fails(GAN_ERROR_SHAPE, "labels are int32 [12]; they must be int32 [2]",
          gan_session_sample_labelled(play.session, NULL, labels, images));
    numbers(two)[1] = 3;
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_session_sample_labelled: labels[1] is 3; it must be 0 to 2",
          gan_session_sample_labelled(play.session, NULL, two, images));
    fails(GAN_ERROR_INVALID_ARGUMENT, "labels were given, and the generator takes none",
          gan_session_sample_labelled(plain.session, NULL, two, images));
    free_game(&plain);
    gan_tensor_free(&two);
    gan_tensor_free(&images);
}
END_TEST

/* Drawing samples and their labels does not move training. */
START_TEST(sampling_does_not_disturb)
{
    gan_context *other = new_context(1, GAN_KERNELS_AUTO);
    game again;
    ok(make_game(&again, other, (game_options){.g_labels = 1, .d_labels = GAME_CLASSES}));
    gan_tensor *images = new_tensor(other, GAN_SHAPE(3, 8, 8, 3));
    for (int i = 0; i < 3; i++) {
        ok(gan_session_step_labelled(play.session, real, labels, NULL));
        ok(gan_session_step_labelled(again.session, real, labels, NULL));
        ok(gan_session_sample(again.session, NULL, images));
    }
    ck_assert(game_bits(&play) == game_bits(&again));
    gan_tensor_free(&images);
    free_game(&again);
    gan_context_free(&other);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("labels");
    TCase *tests = tcase_create("labels");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, setup_labelled, teardown_labelled);
    tcase_add_test(tests, classes);
    tcase_add_test(tests, numbers_out_of_range);
    tcase_add_test(tests, numbers_in_range);
    tcase_add_test(tests, options_that_do_not_go_together);
    tcase_add_test(tests, inputs_that_are_no_labels);
    tcase_add_test(tests, step_misuse);
    tcase_add_test(tests, labels_are_copied);
    tcase_add_test(tests, labels_matter);
    tcase_add_test(tests, samples);
    tcase_add_test(tests, sample_misuse);
    tcase_add_test(tests, sampling_does_not_disturb);
    return run_suite(suite);
}
