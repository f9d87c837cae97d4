/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include <math.h>

/* Every recipe at every size, narrower for larger pictures: the networks fit together, and some steps move them to
 * numbers. */

static const int pixels[] = {16, 32, 64};

#define SIZES ((int)(sizeof pixels / sizeof pixels[0]))

static gan_zoo_options recipe(int index, int size)
{
    return (gan_zoo_options){.size = sizeof(gan_zoo_options),
                             .recipe = gan_zoo_name(index),
                             .pixels = size,
                             .width = 256 / size,
                             .latents = 5};
}

START_TEST(recipes_are_listed)
{
    int count = gan_zoo_count();
    ck_assert_int_ge(count, 5);
    for (int i = 0; i < count; i++) {
        ck_assert_ptr_nonnull(gan_zoo_about(i));
        for (int k = 0; k < i; k++) ck_assert_str_ne(gan_zoo_name(i), gan_zoo_name(k));
    }
    ck_assert_ptr_null(gan_zoo_name(-1));
    ck_assert_ptr_null(gan_zoo_name(count));
    ck_assert_ptr_null(gan_zoo_about(count));
}
END_TEST

static void check_finite(const gan_network *network)
{
    for (int i = 0; i < gan_network_parameter_count(network); i++) {
        const gan_tensor *w = gan_network_parameter(network, i);
        for (int64_t k = 0; k < gan_tensor_count(w); k++)
            ck_assert_msg(isfinite(gan_tensor_floats(w)[k]), "%s is no number", gan_network_parameter_name(network, i));
    }
}

/* A G step comes after up to five D steps. */
START_TEST(recipes_play)
{
    int size = pixels[_i % SIZES];
    gan_zoo_options options = recipe(_i / SIZES, size);
    gan_context *context = new_context(2, GAN_KERNELS_AUTO);
    gan_session *session;
    gan_session_report report = {.size = sizeof report};
    ok(gan_zoo_session(&session, context, &options));
    gan_tensor *real = new_tensor(context, GAN_SHAPE(4, size, size, 3));
    bool moved = false;
    for (int step = 0; step < 10; step++) {
        fill_normal(context, real, (uint64_t)step);
        ok(gan_session_step(session, real, &report));
        ck_assert(isfinite(report.d_loss) && isfinite(report.g_loss));
        moved = moved || report.generator_stepped;
    }
    ck_assert(moved);
    check_finite(gan_session_generator(session));
    check_finite(gan_session_discriminator(session));
    ok(gan_session_sample(session, NULL, real));
    gan_session_free(&session);
    gan_tensor_free(&real);
    gan_context_free(&context);
}
END_TEST

/* At 16 pixels and its own width, dcgan16 is the reference game. */
START_TEST(the_reference_game)
{
    gan_context *context = new_context(1, GAN_KERNELS_AUTO);
    gan_network *g, *d;
    gan_session *session;
    ok(gan_zoo_generator(&g, context, gan_zoo_options(.recipe = "dcgan16")));
    ok(gan_zoo_discriminator(&d, context, gan_zoo_options(.recipe = "dcgan16")));
    ok(gan_zoo_session(&session, context, gan_zoo_options(.recipe = "dcgan16")));
    ck_assert_int_eq(gan_tensor_dimension(gan_network_find(g, "deconv0.weight"), 2), 128);
    ck_assert_int_eq(gan_tensor_dimension(gan_network_find(d, "conv3.weight"), 2), 65);
    ck_assert_int_eq(gan_session_flops(session) * 64 / 10000000, 251);
    gan_session_free(&session);
    gan_network_free(&d);
    gan_network_free(&g);
    gan_context_free(&context);
}
END_TEST

START_TEST(misuse)
{
    gan_context *context = new_context(1, GAN_KERNELS_AUTO);
    gan_network *network;
    gan_session *session;
    const struct {
        gan_zoo_options options;
        const char *text;
    } bad[] = {
        {{.size = sizeof(gan_zoo_options)}, "recipe is NULL"},
        {{.size = sizeof(gan_zoo_options), .recipe = "stylegan"}, "\"stylegan\"; it must be one of dcgan16, sndcgan"},
        {{.size = sizeof(gan_zoo_options), .recipe = "sngan", .pixels = 24}, "pixels is 24; it must be 16, 32 or 64"},
        {{.size = sizeof(gan_zoo_options), .recipe = "sngan", .pixels = 128}, "pixels is 128"},
        {{.size = sizeof(gan_zoo_options), .recipe = "sngan", .width = -1}, "width is -1"},
        {{.size = sizeof(gan_zoo_options), .recipe = "sngan", .latents = 5000}, "latents is 5000"},
        {{.size = sizeof(gan_zoo_options), .recipe = "sngan", .reserved = 1}, "reserved is 1; it must be 0"},
        {{.size = 1, .recipe = "sngan"}, "size is 1"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fails(GAN_ERROR_INVALID_ARGUMENT, bad[i].text, gan_zoo_generator(&network, context, &bad[i].options));
        fails(GAN_ERROR_INVALID_ARGUMENT, bad[i].text, gan_zoo_session(&session, context, &bad[i].options));
        ck_assert(!network && !session);
    }
    fails(GAN_ERROR_INVALID_ARGUMENT, "network is NULL", gan_zoo_discriminator(NULL, context, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "context is NULL", gan_zoo_discriminator(&network, NULL, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "session is NULL", gan_zoo_session(NULL, context, NULL));
    gan_context_free(&context);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("zoo");
    TCase *tests = tcase_create("zoo");
    tcase_set_timeout(tests, 0);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, recipes_are_listed);
    tcase_add_loop_test(tests, recipes_play, 0, gan_zoo_count() * SIZES);
    tcase_add_test(tests, the_reference_game);
    tcase_add_test(tests, misuse);
    return run_suite(suite);
}
