/* SPDX-License-Identifier: BSD-2-Clause */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

static gan_profile *profile;

static void setup_profile(void)
{
    setup();
    start((gan_session_options){.smoothing = 0.1f});
    ok(gan_profile_create(&profile, context));
}

static void teardown_profile(void)
{
    gan_profile_free(&profile);
    teardown();
}

static gan_profile_row row_at(int index)
{
    gan_profile_row row = {.size = sizeof row};
    ok(gan_profile_get(profile, index, &row));
    return row;
}

static gan_profile_row find(const char *network, const char *layer, gan_pass pass)
{
    for (int i = 0; i < gan_profile_count(profile); i++) {
        gan_profile_row row = row_at(i);
        if (!strcmp(row.network, network) && !strcmp(row.layer, layer) && row.pass == (int)pass) return row;
    }
    return (gan_profile_row){.calls = 0};
}

/* D sees real pictures, generated ones, and these again; its first layer has no input gradient but in the G step. */
START_TEST(counts_passes)
{
    ok(gan_session_set_profile(play.session, profile));
    ck_assert_int_eq(gan_profile_count(profile), 0);
    for (int i = 0; i < 2; i++) ok(gan_session_step(play.session, real, NULL));
    ck_assert_int_eq(find("discriminator", "conv0", GAN_PASS_FORWARD).calls, 6);
    ck_assert_int_eq(find("discriminator", "conv0", GAN_PASS_PARAMETERS).calls, 4);
    ck_assert_int_eq(find("discriminator", "conv0", GAN_PASS_INPUTS).calls, 2);
    ck_assert_int_eq(find("discriminator", "bn0", GAN_PASS_INPUTS).calls, 6);
    ck_assert_int_eq(find("discriminator", "", GAN_PASS_UPDATE).calls, 2);
    ck_assert_int_eq(find("generator", "deconv0", GAN_PASS_FORWARD).calls, 2);
    ck_assert_int_eq(find("generator", "deconv0", GAN_PASS_FORWARD).samples, 2 * BATCH);
    ck_assert_int_eq(find("generator", "deconv0", GAN_PASS_INPUTS).calls, 0);
    ck_assert_str_eq(find("generator", "deconv0", GAN_PASS_PARAMETERS).type, "conv2d_transpose");
    ck_assert(find("generator", "deconv0", GAN_PASS_PARAMETERS).seconds > 0);
}
END_TEST

/* Two ways to count the operations of a step: what ran, and what is planned. */
START_TEST(counts_operations)
{
    double operations = 0;
    ok(gan_session_set_profile(play.session, profile));
    ok(gan_session_step(play.session, real, NULL));
    for (int i = 0; i < gan_profile_count(profile); i++) operations += row_at(i).operations;
    ck_assert_double_eq(operations, BATCH * (double)gan_session_flops(play.session));
    ck_assert_int_eq(gan_session_flops(NULL), 0);
    ck_assert_int_eq(gan_network_backward_flops(NULL, GAN_WANT_INPUTS), 0);
    ck_assert_int_eq(gan_network_backward_flops(play.d, 0), 0);
    ck_assert_int_eq(gan_network_backward_flops(play.d, GAN_WANT_INPUTS), gan_network_flops(play.d));
}
END_TEST

START_TEST(resets_and_stops)
{
    ok(gan_session_set_profile(play.session, profile));
    ok(gan_session_step(play.session, real, NULL));
    ck_assert_int_gt(gan_profile_count(profile), 0);
    gan_profile_reset(profile);
    ck_assert_int_eq(gan_profile_count(profile), 0);
    ok(gan_session_set_profile(play.session, NULL));
    ok(gan_session_step(play.session, real, NULL));
    ck_assert_int_eq(gan_profile_count(profile), 0);
}
END_TEST

/* Who was given a profile keeps it, and a profile its networks. */
START_TEST(lives)
{
    gan_run *run;
    gan_network *network = play.d;
    ok(gan_run_create(&run, network, GAN_INFERENCE, 5));
    ok(gan_run_set_profile(run, profile));
    gan_profile *mine = profile;
    profile = NULL;
    gan_profile_free(&mine);
    ok(gan_run_forward(run, real));
    gan_run_free(&run);
    ok(gan_profile_create(&profile, context));
    ok(gan_session_set_profile(play.session, profile));
    ok(gan_session_step(play.session, real, NULL));
    free_game(&play);
    ck_assert_int_eq(find("discriminator", "conv0", GAN_PASS_FORWARD).calls, 3);
}
END_TEST

START_TEST(tables)
{
    size_t length, again;
    ok(gan_session_set_profile(play.session, profile));
    ok(gan_session_step(play.session, real, NULL));
    ok(gan_profile_table(profile, NULL, 0, &length));
    char *text = malloc(length + 1);
    ok(gan_profile_table(profile, text, length + 1, &again));
    ck_assert_uint_eq(strlen(text), length);
    ck_assert_uint_eq(again, length);
    ck_assert_ptr_nonnull(strstr(text, "generator (optimizer)"));
    ck_assert_ptr_nonnull(strstr(text, "discriminator conv0               forward"));
    char part[10];
    ok(gan_profile_table(profile, part, sizeof part, NULL));
    ck_assert(strlen(part) == 9 && memcmp(part, text, 9) == 0);
    free(text);
}
END_TEST

START_TEST(misuse)
{
    gan_profile_row row = {.size = sizeof row}, none = {.size = 0};
    fails(GAN_ERROR_INVALID_ARGUMENT, "profile is NULL", gan_profile_create(NULL, context));
    gan_profile *p;
    fails(GAN_ERROR_INVALID_ARGUMENT, "context is NULL", gan_profile_create(&p, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "profile is NULL", gan_profile_get(NULL, 0, &row));
    fails(GAN_ERROR_INVALID_ARGUMENT, "row is NULL", gan_profile_get(profile, 0, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "index is 0; the profile has 0 rows", gan_profile_get(profile, 0, &row));
    fails(GAN_ERROR_INVALID_ARGUMENT, "index is -1", gan_profile_get(profile, -1, &row));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_profile_row.size is 0", gan_profile_get(profile, 0, &none));
    fails(GAN_ERROR_INVALID_ARGUMENT, "profile is NULL", gan_profile_table(NULL, NULL, 0, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "text is NULL and capacity 7", gan_profile_table(profile, NULL, 7, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "run is NULL", gan_run_set_profile(NULL, profile));
    fails(GAN_ERROR_INVALID_ARGUMENT, "session is NULL", gan_session_set_profile(NULL, profile));
    ck_assert_int_eq(gan_profile_count(NULL), 0);
    gan_profile_reset(NULL);
    gan_profile_free(NULL);
    p = NULL;
    gan_profile_free(&p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("profile");
    TCase *tests = tcase_create("profile");
    tcase_add_checked_fixture(tests, setup_profile, teardown_profile);
    tcase_add_test(tests, counts_passes);
    tcase_add_test(tests, counts_operations);
    tcase_add_test(tests, resets_and_stops);
    tcase_add_test(tests, lives);
    tcase_add_test(tests, tables);
    tcase_add_test(tests, misuse);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
