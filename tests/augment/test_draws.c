/* SPDX-License-Identifier: BSD-2-Clause */
#include "support.h"

#include "augment/augment.h"

#include <math.h>

/* What an augmentation draws: ranges, frequencies, independence; and how ADA moves the probability. The seed is fixed:
 * a test gives the same answer each time. Frequencies may be five standard deviations off. */

#define DRAWS 20000
#define SIZE  7, 16 /* height and width; their halves are 4 (rounded up) and 8, their eighths 1 and 2 */
#define ALL   (GAN_AUGMENT_COLOUR | GAN_AUGMENT_TRANSLATION | GAN_AUGMENT_CUTOUT | GAN_AUGMENT_FLIP)

static gan_context *context;
static gan_augment *augment;

static void setup(void)
{
    context = new_context(1, GAN_KERNELS_AUTO);
    augment = NULL;
}

static void teardown(void)
{
    gan_augment_free(&augment);
    gan_context_free(&context);
}

static void check_frequency(const char *what, int seen, double probability)
{
    double expected = DRAWS * probability, deviation = sqrt(expected * (1 - probability));
    ck_assert_msg(fabs(seen - expected) <= 5 * deviation + 1e-9, "%s: seen %d times of %d; expected are %g", what, seen,
                  DRAWS, expected);
}

/* Uniform on [low, high]: nothing outside, and a tenth of the numbers in each tenth. */
static void check_uniform(const char *what, const float *numbers, float low, float high)
{
    int tenths[10] = {0};
    for (int i = 0; i < DRAWS; i++) {
        ck_assert_msg(numbers[i] >= low && numbers[i] <= high, "%s: drew %g", what, (double)numbers[i]);
        int tenth = (int)((numbers[i] - low) / (high - low) * 10);
        tenths[tenth < 9 ? tenth : 9]++;
    }
    for (int i = 0; i < 10; i++) check_frequency(what, tenths[i], 0.1);
}

/* Each of low..high as often as the others, nothing else. */
static void check_whole(const char *what, const float *numbers, int low, int high)
{
    int seen[64] = {0}, n = high - low + 1;
    for (int i = 0; i < DRAWS; i++) {
        ck_assert_msg(numbers[i] >= (float)low && numbers[i] <= (float)high, "%s: drew %g", what, (double)numbers[i]);
        seen[(int)numbers[i] - low]++;
    }
    for (int i = 0; i < n; i++) check_frequency(what, seen[i], 1.0 / n);
}

enum { BRIGHTNESS, SATURATION, CONTRAST, DOWN, RIGHT, TOP, LEFT, MIRROR, NUMBERS };
static const char *const names[] = {"brightness", "saturation", "contrast", "down", "right", "top", "left", "mirror"};
static float drawn[NUMBERS][DRAWS];

/* The first row or column that a square of this side would have without the picture's borders. */
static int64_t unclipped(int64_t begin, int64_t end, int64_t side)
{
    return begin > 0 ? begin : end - side;
}

static void draw_all(void)
{
    for (int i = 0; i < DRAWS; i++) {
        gan_augment_draw d = gan_augment_draw_at(augment, (uint64_t)i, SIZE);
        int64_t top = unclipped(d.hole_top, d.hole_bottom, 4), left = unclipped(d.hole_left, d.hole_right, 8);
        float numbers[NUMBERS] = {d.brightness,   d.saturation, d.contrast,  (float)d.down,
                                  (float)d.right, (float)top,   (float)left, (float)d.mirror};
        for (int k = 0; k < NUMBERS; k++) drawn[k][i] = numbers[k];
        ck_assert(d.hole_top >= 0 && d.hole_top < d.hole_bottom && d.hole_bottom <= 7);
        ck_assert(d.hole_left >= 0 && d.hole_left < d.hole_right && d.hole_right <= 16);
    }
}

START_TEST(the_ranges_of_diffaugment)
{
    ok(gan_augment_create(&augment, context, gan_augment_options(.policies = ALL)));
    ck_assert(gan_augment_probability(augment) == 1);
    draw_all();
    check_uniform("brightness", drawn[BRIGHTNESS], -0.5f, 0.5f);
    check_uniform("saturation", drawn[SATURATION], 0, 2);
    check_uniform("contrast", drawn[CONTRAST], 0.5f, 1.5f);
    check_whole("down", drawn[DOWN], -1, 1);
    check_whole("right", drawn[RIGHT], -2, 2);
    check_whole("top", drawn[TOP], -2, 5);
    check_whole("left", drawn[LEFT], -4, 12);
    check_whole("mirror", drawn[MIRROR], 0, 1);
}
END_TEST

START_TEST(ranges_of_the_caller)
{
    ok(gan_augment_create(
        &augment, context,
        gan_augment_options(.brightness = 2, .saturation = 0.25f, .contrast = 1, .translation = 0.5f)));
    draw_all();
    check_uniform("brightness", drawn[BRIGHTNESS], -2, 2);
    check_uniform("saturation", drawn[SATURATION], 0.75f, 1.25f);
    check_uniform("contrast", drawn[CONTRAST], 0, 2);
    check_whole("down", drawn[DOWN], -4, 4);
    check_whole("right", drawn[RIGHT], -8, 8);
}
END_TEST

/* A square of odd side has a pixel in its middle, one of the picture's; a part of nothing is nothing; all is all. */
START_TEST(odd_and_extreme_sides)
{
    int seen[5] = {0};
    ok(gan_augment_create(&augment, context, NULL));
    for (int i = 0; i < DRAWS; i++) {
        gan_augment_draw d = gan_augment_draw_at(augment, (uint64_t)i, 5, 5); /* 3: -1..1, .. , 3..5 */
        seen[unclipped(d.hole_top, d.hole_bottom, 3) + 1]++;
    }
    for (int i = 0; i < 5; i++) check_frequency("odd", seen[i], 0.2);
    gan_augment_free(&augment);
    ok(gan_augment_create(&augment, context, gan_augment_options(.translation = 1, .cutout = 0.05f)));
    int away = 0;
    for (int i = 0; i < DRAWS; i++) {
        gan_augment_draw d = gan_augment_draw_at(augment, (uint64_t)i, 4, 4);
        ck_assert(d.hole_top == d.hole_bottom && d.hole_left == d.hole_right);
        ck_assert(d.down >= -4 && d.down <= 4 && d.right >= -4 && d.right <= 4);
        away += d.down == 4;
    }
    check_frequency("moved out", away, 1.0 / 9);
}
END_TEST

static double correlation(const float *a, const float *b)
{
    double sums[5] = {0};
    for (int i = 0; i < DRAWS; i++) {
        double x = (double)a[i], y = (double)b[i], terms[] = {x, y, x * x, y * y, x * y};
        for (int k = 0; k < 5; k++) sums[k] += terms[k] / DRAWS;
    }
    return (sums[4] - sums[0] * sums[1]) / sqrt((sums[2] - sums[0] * sums[0]) * (sums[3] - sums[1] * sums[1]));
}

static void check_independent(int a, int b, const float *x, const float *y)
{
    double r = correlation(x, y);
    ck_assert_msg(fabs(r) < 5 / sqrt(DRAWS), "%s and %s: correlation %g", names[a], names[b], r);
}

/* Numbers with one another; and with probability 1/2, whether a change is made, too. */
START_TEST(numbers_are_independent)
{
    static const int change[NUMBERS] = {0, 1, 2, 3, 3, 4, 4, 5};
    static float made[NUMBERS][DRAWS];
    bool always = _i == 0;
    ok(gan_augment_create(&augment, context, gan_augment_options(.policies = ALL, .probability = always ? 1 : 0.5f)));
    for (int i = 0; i < DRAWS; i++) {
        gan_augment_draw d = gan_augment_draw_at(augment, (uint64_t)i, SIZE);
        float numbers[NUMBERS] = {d.brightness,   d.saturation,      d.contrast,         (float)d.down,
                                  (float)d.right, (float)d.hole_top, (float)d.hole_left, (float)d.mirror};
        bool makes[] = {d.brightness != 0, d.saturation != 1, d.contrast != 1,
                        d.down || d.right, d.hole_bottom > 0, d.mirror};
        for (int k = 0; k < NUMBERS; k++) drawn[k][i] = numbers[k], made[k][i] = makes[change[k]];
    }
    for (int a = 0; a < NUMBERS; a++)
        for (int b = 0; b < a; b++) {
            if (always || change[a] != change[b]) check_independent(a, b, drawn[a], drawn[b]);
            if (always || change[a] == change[b]) continue;
            check_independent(a, b, made[a], made[b]);
            check_independent(a, b, made[a], drawn[b]);
            check_independent(a, b, drawn[a], made[b]);
        }
}
END_TEST

START_TEST(each_change_by_itself)
{
    const float p = 0.3f;
    int seen[6] = {0};
    ok(gan_augment_create(&augment, context, gan_augment_options(.policies = ALL, .probability = p)));
    for (int i = 0; i < DRAWS; i++) {
        gan_augment_draw d = gan_augment_draw_at(augment, (uint64_t)i, SIZE);
        bool made[] = {d.brightness != 0,           d.saturation != 1, d.contrast != 1,
                       d.down != 0 || d.right != 0, d.hole_bottom > 0, d.mirror};
        for (int k = 0; k < 6; k++) seen[k] += made[k];
    }
    check_frequency("brightness", seen[0], 0.3);
    check_frequency("saturation", seen[1], 0.3);
    check_frequency("contrast", seen[2], 0.3);
    check_frequency("translation", seen[3], 0.3 * 14 / 15); /* of 3 * 5 places one is where it was */
    check_frequency("cutout", seen[4], 0.3);
    check_frequency("flip", seen[5], 0.15);
}
END_TEST

/* What one policy draws does not depend on the others. */
START_TEST(policies_have_numbers_of_their_own)
{
    static const int policies[] = {GAN_AUGMENT_COLOUR, GAN_AUGMENT_TRANSLATION, GAN_AUGMENT_CUTOUT, GAN_AUGMENT_FLIP};
    ok(gan_augment_create(&augment, context, gan_augment_options(.policies = ALL)));
    for (int k = 0; k < 4; k++) {
        gan_augment *one;
        ok(gan_augment_create(&one, context, gan_augment_options(.policies = policies[k])));
        for (uint64_t i = 0; i < 100; i++) {
            gan_augment_draw all = gan_augment_draw_at(augment, i, SIZE), d = gan_augment_draw_at(one, i, SIZE);
            gan_augment_draw expected = GAN_AUGMENT_UNCHANGED;
            if (k == 0) expected.brightness = all.brightness, expected.saturation = all.saturation;
            if (k == 0) expected.contrast = all.contrast;
            if (k == 1) expected.down = all.down, expected.right = all.right;
            if (k == 2) expected.hole_top = all.hole_top, expected.hole_bottom = all.hole_bottom;
            if (k == 2) expected.hole_left = all.hole_left, expected.hole_right = all.hole_right;
            if (k == 3) expected.mirror = all.mirror;
            ck_assert(d.brightness == expected.brightness && d.saturation == expected.saturation);
            ck_assert(d.contrast == expected.contrast && d.mirror == expected.mirror);
            ck_assert(d.down == expected.down && d.right == expected.right);
            ck_assert(d.hole_top == expected.hole_top && d.hole_bottom == expected.hole_bottom);
            ck_assert(d.hole_left == expected.hole_left && d.hole_right == expected.hole_right);
        }
        gan_augment_free(&one);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("draws");
    TCase *tests = tcase_create("draws");
    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, the_ranges_of_diffaugment);
    tcase_add_test(tests, ranges_of_the_caller);
    tcase_add_test(tests, odd_and_extreme_sides);
    tcase_add_loop_test(tests, numbers_are_independent, 0, 2);
    tcase_add_test(tests, each_change_by_itself);
    tcase_add_test(tests, policies_have_numbers_of_their_own);
    return run_suite(suite);
}
