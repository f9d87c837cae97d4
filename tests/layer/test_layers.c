/* SPDX-License-Identifier: BSD-2-Clause */
#include "cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Every layer type over odd shapes, with every kernel set: derivatives against finite differences, want-masks, the same
 * bits with any number of threads and in any batch's memory, as text, in files and as a copy. A new layer is in it by
 * its line in the registry (derive.c); given.c has what is worth trying besides, and types that nothing can be derived
 * for, of which the first test tells. */

START_TEST(every_type_has_a_case)
{
    for (int i = 0; gan_layer_types[i]; i++)
        ck_assert_msg(gan_layer_types[i] == &gan_layer_input || case_of(gan_layer_types[i]),
                      "%s: its table has nothing that a case can be derived from; it needs a line in given.c",
                      gan_layer_types[i]->name);
}
END_TEST

START_TEST(types_are_told_apart)
{
    for (int i = 0; gan_layer_types[i]; i++)
        for (int k = 0; k < i; k++) {
            ck_assert_str_ne(gan_layer_types[i]->name, gan_layer_types[k]->name);
            ck_assert_str_ne(gan_layer_types[i]->short_name, gan_layer_types[k]->short_name);
        }
}
END_TEST

/* Makes the subject ready for tangents; a type that has none is refused by its name. */
static bool has_tangents(subject *s, const layer_case *c)
{
    if (c->type->tangent) {
        use_tangents(s);
        return true;
    }
    gan_run *run;
    fails(GAN_ERROR_UNSUPPORTED, c->type->name, gan_run_create(&run, s->network, GAN_TRAINING_TANGENTS, BATCH));
    return false;
}

/* Cases that are given, with each kernel set, and derived ones with one each. */
static int run_count(void)
{
    return case_count() + given_count * (kernel_set_count() - 1);
}

static const layer_case *case_of_run(int run, gan_kernel_set *set)
{
    int sets = kernel_set_count(), given_runs = given_count * sets;
    *set = kernel_set(run % sets);
    return case_at(run < given_runs ? run / sets : given_count + run - given_runs);
}

START_TEST(derivatives_are_right)
{
    gan_kernel_set set;
    const layer_case *c = case_of_run(_i, &set);
    subject s = subject_of(c, 2, set, BATCH);
    gan_check_options options = {.size = sizeof options};
    memcpy(options.classes, c->classes, sizeof c->classes);
    gan_status status = gan_check_network(s.network, &options);
    ck_assert_msg(status == GAN_OK, "case %d, %s: %s", _i, c->type->name, gan_last_error());
    free_subject(&s);
}
END_TEST

/* A batch large enough for several tasks in every layer. */
START_TEST(threads_do_not_change_a_bit)
{
    uint64_t expected = 0;
    gan_kernel_set set;
    const layer_case *c = case_of_run(_i, &set);
    for (int threads = 1; threads <= 3; threads++) {
        subject s = subject_of(c, threads, set, 200);
        uint64_t found = fingerprint(&s);
        if (has_tangents(&s, c)) found = found * 31 + second_fingerprint(&s);
        if (threads == 1) expected = found;
        ck_assert_msg(found == expected, "%s: %d threads give other bits", c->type->name, threads);
        free_subject(&s);
    }
}
END_TEST

/* A run that was made for another batch gives what a run of its own gives: one that is larger, and one that has to
 * grow. One batch will do for derived cases. */
START_TEST(batches_do_not_change_a_bit)
{
    static const int64_t batches[] = {9, 8, 33};
    for (int i = 0; i < (_i < given_count ? 3 : 1); i++) {
        uint64_t expected = 0;
        for (int made_for = 0; made_for <= 100; made_for += made_for ? 99 : 1) { /* 0: its own */
            subject s = subject_of(case_at(_i), 1, GAN_KERNELS_AUTO, batches[i]);
            gan_run_free(&s.run);
            ok(gan_run_create(&s.run, s.network, GAN_TRAINING, made_for ? made_for : batches[i]));
            uint64_t found = fingerprint(&s);
            if (!made_for) expected = found;
            ck_assert_msg(found == expected, "%s: a run made for %d gives other bits for %lld", case_at(_i)->type->name,
                          made_for, (long long)batches[i]);
            free_subject(&s);
        }
    }
}
END_TEST

static bool same_output(const gan_run *run, const float *numbers)
{
    const gan_tensor *y = gan_run_output(run, 0);
    return memcmp(gan_tensor_data(y), numbers, gan_tensor_bytes(y)) == 0;
}

/* But for layers that keep something of training for inference (test_network.c, test_spectral.c) or draw random numbers
 * in it (test_elementwise.c: another pass gives another output), both give the same. */
START_TEST(inference_is_the_forward_pass)
{
    subject s = subject_of(case_at(_i), 1, GAN_KERNELS_AUTO, BATCH);
    gan_run *inference;
    const gan_tensor *inputs[GAN_MAX_INPUTS];
    memcpy(inputs, s.input, sizeof inputs);
    forward(&s);
    float *y = malloc(gan_tensor_bytes(gan_run_output(s.run, 0)));
    ck_assert_ptr_nonnull(y);
    memcpy(y, gan_tensor_data(gan_run_output(s.run, 0)), gan_tensor_bytes(gan_run_output(s.run, 0)));
    s.network->passes = 4;
    ok(gan_run_forward_all(s.run, inputs, case_at(_i)->inputs));
    if (gan_network_buffer_count(s.network) == 0 && same_output(s.run, y)) {
        ok(gan_run_create(&inference, s.network, GAN_INFERENCE, BATCH));
        ok(gan_run_forward_all(inference, inputs, case_at(_i)->inputs));
        ck_assert_msg(same_output(inference, y), "%s: inference gives something else", case_at(_i)->type->name);
        gan_run_free(&inference);
    }
    free(y);
    free_subject(&s);
}
END_TEST

/* The options that a layer's table of fields tells are all there is to it: as text it comes back the same. */
static gan_network *from_text(const gan_network *network, gan_context *context)
{
    char text[4096], again[4096];
    gan_network *copy;
    ok(gan_network_to_json(network, text, sizeof text, NULL));
    ok(gan_network_from_json(&copy, context, text, strlen(text)));
    ok(gan_network_to_json(copy, again, sizeof again, NULL));
    ck_assert_str_eq(text, again);
    for (int i = 0; i < gan_network_parameter_count(network); i++)
        ok(gan_tensor_copy(gan_network_parameter(copy, i), gan_network_parameter(network, i)));
    for (int i = 0; i < gan_network_buffer_count(network); i++)
        ok(gan_tensor_copy(gan_network_buffer(copy, i), gan_network_buffer(network, i)));
    return copy;
}

static gan_network *from_file(const gan_network *network, gan_context *context)
{
    char folder[] = "/tmp/gan-layers-XXXXXX", path[64];
    gan_network *copy;
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/layer.safetensors", folder);
    ok(gan_network_save(network, path));
    ok(gan_network_load(&copy, context, path));
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
    return copy;
}

static gan_network *cloned(const gan_network *network, gan_context *context)
{
    gan_network *copy;
    (void)context;
    ok(gan_network_clone(&copy, network));
    return copy;
}

static const struct {
    const char *name;
    gan_network *(*copy)(const gan_network *network, gan_context *context);
    bool by_json;
} ways[] = {{"text", from_text, true}, {"a file", from_file, true}, {"a clone", cloned, false}};

#define WAYS ((int)(sizeof ways / sizeof ways[0]))

static void check_same_values(const subject *s, const gan_network *other, const char *way)
{
    ck_assert_int_eq(gan_network_parameter_count(s->network), gan_network_parameter_count(other));
    ck_assert_int_eq(gan_network_buffer_count(s->network), gan_network_buffer_count(other));
    for (int i = 0; i < gan_network_parameter_count(other) + gan_network_buffer_count(other); i++) {
        int k = i - gan_network_parameter_count(other);
        const char *name = k < 0 ? gan_network_parameter_name(other, i) : gan_network_buffer_name(other, k);
        const gan_tensor *mine = gan_network_find(s->network, name), *its = gan_network_find(other, name);
        ck_assert_msg(mine && gan_tensor_bytes(mine) == gan_tensor_bytes(its) &&
                          memcmp(gan_tensor_data(mine), gan_tensor_data(its), gan_tensor_bytes(its)) == 0,
                      "%s: another %s", way, name);
    }
}

/* With parameters, with buffers that a pass has moved, and with all that comes of them. */
START_TEST(copies_are_the_same)
{
    const layer_case *c = case_at(_i);
    subject s = subject_of(c, 1, GAN_KERNELS_AUTO, BATCH);
    uint64_t found[WAYS] = {0};
    forward(&s);
    for (int i = 0; i < WAYS; i++) {
        if (ways[i].by_json && !gan_has_feature("json")) continue;
        gan_network *copy = ways[i].copy(s.network, s.context);
        check_same_values(&s, copy, ways[i].name);
        copy->ordinal = s.network->ordinal; /* so that layers that are random draw the same */
        subject t = subject_with(c, s.context, copy, BATCH);
        found[i] = fingerprint(&t);
        free_subject(&t);
    }
    uint64_t expected = fingerprint(&s); /* moves the buffers */
    for (int i = 0; i < WAYS; i++)
        ck_assert_msg(found[i] == expected || (ways[i].by_json && !gan_has_feature("json")),
                      "%s: another layer from %s", c->type->name, ways[i].name);
    free_subject(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("layers");
    TCase *tests = tcase_create("cases");
    collect_cases();
    tcase_set_timeout(tests, 0);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, every_type_has_a_case);
    tcase_add_test(tests, types_are_told_apart);
    tcase_add_loop_test(tests, derivatives_are_right, 0, run_count());
    tcase_add_loop_test(tests, threads_do_not_change_a_bit, 0, run_count());
    tcase_add_loop_test(tests, batches_do_not_change_a_bit, 0, case_count());
    tcase_add_loop_test(tests, inference_is_the_forward_pass, 0, case_count());
    tcase_add_loop_test(tests, copies_are_the_same, 0, case_count());
    return run_suite(suite);
}
