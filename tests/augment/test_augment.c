/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include "augment/augment.h"

#include <math.h>
#include <string.h>

/* The augmentation's calls: options, shapes, gradients, and where the same bits come from. The numbers of given draws
 * are tests/golden's; test_draws.c looks at the draws. */

#define ALL (GAN_AUGMENT_COLOUR | GAN_AUGMENT_TRANSLATION | GAN_AUGMENT_CUTOUT | GAN_AUGMENT_FLIP)

static gan_context *context;

static void setup(void)
{
    context = new_context(1, GAN_KERNELS_AUTO);
}

static void teardown(void)
{
    gan_context_free(&context);
}

static gan_augment *new_augment(gan_context *of, const gan_augment_options *options)
{
    gan_augment *augment;
    ok(gan_augment_create(&augment, of, options));
    return augment;
}

#define O(...)                                           \
    {                                                    \
        .size = sizeof(gan_augment_options), __VA_ARGS__ \
    }
static const struct {
    gan_augment_options options;
    const char *text; /* NULL: allowed */
} bounds[] = {
    {O(.policies = -1), "policies is -1; it must be at least 1 and at most 15"},
    {O(.policies = 16), "policies is 16"},
    {O(.policies = ALL), NULL},
    {O(.probability = -0.01f), "probability is -0.0"},
    {O(.probability = -1), "probability is -1;"}, /* what stands for "not given" inside */
    {O(.probability = 1.01f), "probability is 1.0"},
    {O(.probability = 1), NULL},
    {O(.probability = NAN), "probability is nan"},
    {O(.brightness = -0.1f), "brightness is -0.1"},
    {O(.brightness = 2.1f), "brightness is 2."},
    {O(.brightness = 2), NULL},
    {O(.saturation = -0.1f), "saturation is -0.1"},
    {O(.saturation = 1.1f), "saturation is 1.1"},
    {O(.saturation = 1), NULL},
    {O(.contrast = -0.1f), "contrast is -0.1"},
    {O(.contrast = 1.1f), "contrast is 1.1"},
    {O(.contrast = 1), NULL},
    {O(.translation = -0.1f), "translation is -0.1"},
    {O(.translation = 1.1f), "translation is 1.1"},
    {O(.translation = 1), NULL},
    {O(.cutout = -0.1f), "cutout is -0.1"},
    {O(.cutout = 1.1f), "cutout is 1.1"},
    {O(.cutout = INFINITY), "cutout is inf"},
    {O(.cutout = 1), NULL},
    {O(.target = -1.1f), "target is -1.1"},
    {O(.target = 1.1f), "target is 1.1"},
    {O(.target = -1), NULL},
    {O(.target = 1), NULL},
    {O(.interval = -1), "interval is -1"},
    {O(.interval = 1), NULL},
    {O(.ramp = -1), "ramp is -1"},
    {O(.ramp = 1), NULL},
    {O(.brightness = GAN_ZERO, .saturation = GAN_ZERO, .contrast = GAN_ZERO, .translation = GAN_ZERO,
       .cutout = GAN_ZERO),
     NULL},
};
#define BOUNDS ((int)(sizeof bounds / sizeof bounds[0]))

START_TEST(option_bounds)
{
    gan_augment *augment = NULL;
    if (bounds[_i].text)
        fails(GAN_ERROR_INVALID_ARGUMENT, bounds[_i].text, gan_augment_create(&augment, context, &bounds[_i].options));
    else
        ok(gan_augment_create(&augment, context, &bounds[_i].options));
    ck_assert(!augment == (bounds[_i].text != NULL));
    gan_augment_free(&augment);
    ck_assert_ptr_null(augment);
}
END_TEST

START_TEST(misuse)
{
    gan_augment *augment;
    fails(GAN_ERROR_INVALID_ARGUMENT, "augment is NULL", gan_augment_create(NULL, context, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "context is NULL", gan_augment_create(&augment, NULL, NULL));
    ck_assert_ptr_null(augment);
    gan_augment_free(NULL);
    gan_augment_free(&augment);
    augment = new_augment(context, NULL);
    gan_tensor *x = new_tensor(context, GAN_SHAPE(2, 4, 4, 3)), *fewer = new_tensor(context, GAN_SHAPE(1, 4, 4, 3));
    gan_tensor *grey = new_tensor(context, GAN_SHAPE(2, 4, 4, 1)), *flat = new_tensor(context, GAN_SHAPE(2, 48)),
               *bytes;
    ok(gan_tensor_create(&bytes, context, GAN_UINT8, GAN_SHAPE(2, 4, 4, 3)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_augment_forward: augment is NULL", gan_augment_forward(NULL, x, x, 0));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_augment_forward: output is NULL", gan_augment_forward(augment, NULL, x, 0));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_augment_tangent: direction is NULL",
          gan_augment_tangent(augment, x, NULL, 0));
    fails(GAN_ERROR_INVALID_ARGUMENT, "gan_augment_backward: dx is NULL", gan_augment_backward(augment, NULL, x, 0));
    fails(GAN_ERROR_SHAPE, "images is float [2,48]; it must be float [N,H,W,C]",
          gan_augment_forward(augment, flat, flat, 0));
    fails(GAN_ERROR_SHAPE, "images is uint8 [2,4,4,3]", gan_augment_forward(augment, x, bytes, 0));
    fails(GAN_ERROR_SHAPE, "output is uint8 [2,4,4,3]; it must be as images, float [2,4,4,3]",
          gan_augment_forward(augment, bytes, x, 0));
    fails(GAN_ERROR_SHAPE, "dx is float [1,4,4,3]", gan_augment_backward(augment, fewer, x, 0));
    fails(GAN_ERROR_SHAPE, "tangent is float [2,4,4,1]", gan_augment_tangent(augment, grey, x, 0));
    gan_tensor_free(&bytes);
    gan_tensor_free(&flat);
    gan_tensor_free(&grey);
    gan_tensor_free(&fewer);
    gan_tensor_free(&x);
    gan_augment_free(&augment);
}
END_TEST

/* Batches of several shapes, with every policy at once and each by itself; a probability leaves some changes out. */
static const struct {
    int policies;
    float probability;
    int64_t shape[4];
} cases[] = {
    {ALL, 1, {5, 8, 6, 3}},
    {ALL, 0.5f, {9, 5, 7, 3}},
    {ALL, 1, {3, 1, 1, 1}},
    {ALL, 1, {2, 4, 9, 4}},
    {GAN_AUGMENT_COLOUR, 1, {4, 6, 5, 3}},
    {GAN_AUGMENT_COLOUR, 1, {4, 6, 5, 1}},
    {GAN_AUGMENT_TRANSLATION, 1, {6, 9, 8, 2}},
    {GAN_AUGMENT_CUTOUT, 1, {6, 9, 8, 2}},
    {GAN_AUGMENT_FLIP, 1, {6, 3, 5, 2}},
};
#define CASES    ((int)(sizeof cases / sizeof cases[0]))
#define POSITION 1000

/* x: the input, r: a direction or gradient, y: the result */
struct batch {
    gan_augment *augment;
    gan_tensor *x, *r, *y;
    int64_t count;
};

static struct batch new_batch(gan_context *of, int index)
{
    struct batch b = {
        .augment = new_augment(of, gan_augment_options(.policies = cases[index].policies,
                                                       .probability = cases[index].probability, .translation = 0.25f))};
    gan_tensor **tensors[] = {&b.x, &b.r, &b.y};
    for (int i = 0; i < 3; i++) {
        *tensors[i] = new_tensor(of, 4, cases[index].shape);
        fill_normal(of, *tensors[i], (uint64_t)i); /* y: what was there before does not matter */
    }
    b.count = gan_tensor_count(b.x);
    return b;
}

static void free_batch(struct batch *b)
{
    gan_tensor_free(&b->y);
    gan_tensor_free(&b->r);
    gan_tensor_free(&b->x);
    gan_augment_free(&b->augment);
}

static double dot(const gan_tensor *a, const gan_tensor *b)
{
    double sum = 0;
    for (int64_t i = 0; i < gan_tensor_count(a); i++)
        sum += (double)gan_tensor_floats(a)[i] * (double)gan_tensor_floats(b)[i];
    return sum;
}

/* <A x, r> = <x, A^T r> */
START_TEST(the_backward_pass_is_the_adjoint)
{
    struct batch b = new_batch(context, _i);
    double length = sqrt(dot(b.x, b.x) * dot(b.r, b.r));
    ok(gan_augment_tangent(b.augment, b.y, b.x, POSITION));
    double there = dot(b.y, b.r);
    ok(gan_augment_backward(b.augment, b.y, b.r, POSITION));
    double back = dot(b.y, b.x);
    ck_assert_msg(fabs(there - back) <= 1e-6 * length, "<A x, r> is %g, <x, A^T r> is %g", there, back);
    free_batch(&b);
}
END_TEST

/* The gradient of <forward(x), r> by each element of x. The function is affine: any step will do. */
START_TEST(gradients_are_differences)
{
    struct batch b = new_batch(context, _i);
    gan_tensor *dx = new_tensor(context, 4, cases[_i].shape);
    ok(gan_augment_backward(b.augment, dx, b.r, POSITION));
    for (int64_t k = 0; k < b.count; k++) {
        float *x = &gan_tensor_floats(b.x)[k], middle = *x;
        double value[2];
        for (int side = 0; side < 2; side++) {
            *x = middle + (side ? 1.0f : -1.0f);
            ok(gan_augment_forward(b.augment, b.y, b.x, POSITION));
            value[side] = dot(b.y, b.r);
        }
        *x = middle;
        double difference = (value[1] - value[0]) / 2, gradient = (double)gan_tensor_floats(dx)[k];
        ck_assert_msg(fabs(difference - gradient) <= 1e-4, "gradient %d is %g; differences say %g", (int)k, gradient,
                      difference);
    }
    gan_tensor_free(&dx);
    free_batch(&b);
}
END_TEST

/* forward(x + r) = forward(x) + A r */
START_TEST(tangents_are_differences)
{
    struct batch b = new_batch(context, _i);
    gan_tensor *moved = new_tensor(context, 4, cases[_i].shape);
    float *to = gan_tensor_floats(moved);
    for (int64_t k = 0; k < b.count; k++) to[k] = gan_tensor_floats(b.x)[k] + gan_tensor_floats(b.r)[k];
    ok(gan_augment_forward(b.augment, moved, moved, POSITION));
    ok(gan_augment_forward(b.augment, b.x, b.x, POSITION));
    ok(gan_augment_tangent(b.augment, b.y, b.r, POSITION));
    for (int64_t k = 0; k < b.count; k++) to[k] -= gan_tensor_floats(b.x)[k];
    check_close("tangent", gan_tensor_floats(b.y), to, b.count, 3e-6f);
    gan_tensor_free(&moved);
    free_batch(&b);
}
END_TEST

/* FNV-1a over the three passes. */
static uint64_t fingerprint(struct batch *b, uint64_t position)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (int pass = 0; pass < 3; pass++) {
        if (pass == 0) ok(gan_augment_forward(b->augment, b->y, b->x, position));
        if (pass == 1) ok(gan_augment_tangent(b->augment, b->y, b->r, position));
        if (pass == 2) ok(gan_augment_backward(b->augment, b->y, b->r, position));
        const unsigned char *bytes = gan_tensor_data(b->y);
        for (size_t i = 0; i < gan_tensor_bytes(b->y); i++) hash = (hash ^ bytes[i]) * 0x100000001b3u;
    }
    return hash;
}

START_TEST(the_same_bits_again)
{
    uint64_t expected = 0;
    for (int threads = 1; threads <= 3; threads++) {
        gan_context *other = new_context(threads, GAN_KERNELS_AUTO);
        struct batch b = new_batch(other, _i);
        if (threads == 1) expected = fingerprint(&b, POSITION);
        ck_assert_msg(fingerprint(&b, POSITION) == expected, "%d threads give other bits", threads);
        if (cases[_i].shape[1] > 1) ck_assert(fingerprint(&b, POSITION + 100) != expected);
        free_batch(&b);
        gan_context_free(&other);
    }
}
END_TEST

/* Large enough for many tasks. A picture in the midst of one gets what it gets alone. */
START_TEST(threads_share_a_batch)
{
    gan_tensor *x = new_tensor(context, GAN_SHAPE(200, 16, 16, 3)), *one = new_tensor(context, GAN_SHAPE(1, 16, 16, 3));
    gan_tensor *result[2];
    fill_normal(context, x, 1);
    for (int i = 0; i < 2; i++) {
        gan_context *of = new_context(i == 0 ? 1 : 3, GAN_KERNELS_AUTO);
        gan_augment *augment = new_augment(of, gan_augment_options(.policies = ALL));
        result[i] = new_tensor(of, GAN_SHAPE(200, 16, 16, 3));
        ok(gan_augment_forward(augment, result[i], x, 7));
        memcpy(gan_tensor_data(one), gan_tensor_floats(x) + 170 * 768, gan_tensor_bytes(one));
        ok(gan_augment_forward(augment, one, one, 7 + 170));
        ck_assert(memcmp(gan_tensor_data(one), gan_tensor_floats(result[i]) + 170 * 768, gan_tensor_bytes(one)) == 0);
        ok(gan_augment_backward(augment, result[i], result[i], 7));
        gan_augment_free(&augment);
        gan_context_free(&of);
    }
    ck_assert(memcmp(gan_tensor_data(result[0]), gan_tensor_data(result[1]), gan_tensor_bytes(x)) == 0);
    gan_tensor_free(&result[0]);
    gan_tensor_free(&result[1]);
    gan_tensor_free(&one);
    gan_tensor_free(&x);
}
END_TEST

/* A picture's change depends on its place only: not on the batch it is in, nor on whether it is done in place. */
START_TEST(a_picture_alone)
{
    struct batch b = new_batch(context, _i);
    int64_t shape[4], n = cases[_i].shape[0], floats = b.count / n;
    memcpy(shape, cases[_i].shape, sizeof shape);
    shape[0] = 1;
    gan_tensor *one = new_tensor(context, 4, shape);
    ok(gan_augment_forward(b.augment, b.y, b.x, POSITION));
    for (int64_t i = 0; i < n; i++) {
        memcpy(gan_tensor_data(one), gan_tensor_floats(b.x) + i * floats, gan_tensor_bytes(one));
        ok(gan_augment_forward(b.augment, one, one, POSITION + (uint64_t)i));
        ck_assert(memcmp(gan_tensor_data(one), gan_tensor_floats(b.y) + i * floats, gan_tensor_bytes(one)) == 0);
    }
    gan_tensor_free(&one);
    free_batch(&b);
}
END_TEST

/* Larger than what the mean is added up in one go of: contrast alone, x -> c (x - M) + M. */
START_TEST(the_mean_of_a_large_picture)
{
    gan_tensor *x = new_tensor(context, GAN_SHAPE(1, 61, 70, 3)), *y = new_tensor(context, GAN_SHAPE(1, 61, 70, 3));
    gan_augment_draw draw = GAN_AUGMENT_UNCHANGED;
    gan_augment_picture picture = {context->kernels, gan_tensor_data(y), 61, 70, 3};
    const float *values = gan_tensor_data(x);
    double mean = 0;
    uint64_t position = 0;
    ok(gan_random_uniform(context, GAN_STREAM_USER, &position, x, 0, 1));
    ok(gan_tensor_copy(y, x));
    draw.contrast = 0.5f;
    gan_augment_apply(&picture, &draw, GAN_AUGMENT_FORWARD);
    for (int64_t i = 0; i < gan_tensor_count(x); i++) mean += (double)values[i] / (double)gan_tensor_count(x);
    for (int64_t i = 0; i < gan_tensor_count(x); i++)
        ck_assert_double_eq_tol(picture.data[i], 0.5 * (values[i] - mean) + mean, 1e-6);
    gan_tensor_free(&y);
    gan_tensor_free(&x);
}
END_TEST

START_TEST(seeds_differ)
{
    gan_context *seeded;
    ok(gan_context_create(&seeded, gan_context_options(.seed = 43)));
    gan_augment *augment[] = {new_augment(context, NULL), new_augment(seeded, NULL)};
    gan_augment_draw a = gan_augment_draw_at(augment[0], 0, 16, 16), b = gan_augment_draw_at(augment[1], 0, 16, 16);
    ck_assert(a.brightness != b.brightness && a.saturation != b.saturation && a.contrast != b.contrast);
    gan_augment_free(&augment[1]);
    gan_augment_free(&augment[0]);
    gan_context_free(&seeded);
}
END_TEST

/* With probability 0, or with every range 0, pictures stay as they are, bit for bit. */
START_TEST(nothing_changes)
{
    const gan_augment_options *options[] = {
        gan_augment_options(.policies = ALL, .probability = GAN_ZERO),
        gan_augment_options(.policies = ALL, .adaptive = true),
        gan_augment_options(.brightness = GAN_ZERO, .saturation = GAN_ZERO, .contrast = GAN_ZERO,
                            .translation = GAN_ZERO, .cutout = GAN_ZERO),
    };
    gan_tensor *x = new_tensor(context, GAN_SHAPE(20, 6, 6, 3)), *y = new_tensor(context, GAN_SHAPE(20, 6, 6, 3));
    fill_normal(context, x, 1);
    for (int i = 0; i < 3; i++) {
        gan_augment *augment = new_augment(context, options[i]);
        ok(gan_augment_forward(augment, y, x, 0));
        ck_assert(memcmp(gan_tensor_data(x), gan_tensor_data(y), gan_tensor_bytes(x)) == 0);
        ok(gan_augment_set_probability(augment, 1));
        ok(gan_augment_forward(augment, y, x, 0));
        bool same = memcmp(gan_tensor_data(x), gan_tensor_data(y), gan_tensor_bytes(x)) == 0;
        ck_assert(same == (i == 2));
        gan_augment_free(&augment);
    }
    gan_tensor_free(&y);
    gan_tensor_free(&x);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("augment");
    TCase *tests = tcase_create("augment");
    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, option_bounds, 0, BOUNDS);
    tcase_add_test(tests, misuse);
    tcase_add_loop_test(tests, the_backward_pass_is_the_adjoint, 0, CASES);
    tcase_add_loop_test(tests, gradients_are_differences, 0, CASES);
    tcase_add_loop_test(tests, tangents_are_differences, 0, CASES);
    tcase_add_loop_test(tests, the_same_bits_again, 0, CASES);
    tcase_add_test(tests, threads_share_a_batch);
    tcase_add_loop_test(tests, a_picture_alone, 0, CASES);
    tcase_add_test(tests, the_mean_of_a_large_picture);
    tcase_add_test(tests, seeds_differ);
    tcase_add_test(tests, nothing_changes);
    return run_suite(suite);
}
