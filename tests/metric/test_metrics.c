/* SPDX-License-Identifier: BSD-2-Clause */
#include "metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What metrics compute: against plain loops at the sizes where work is cut, the same bits by threads and batches, and
 * values that are known. Their formulas are held to vectors in tests/golden. */

static void setup(void)
{
    metric_context = new_context(2, GAN_KERNELS_AUTO);
}

static void teardown(void)
{
    gan_context_free(&metric_context);
}

static double distance_of(const float *a, const float *b, int64_t d)
{
    double sum = 0;
    for (int64_t j = 0; j < d; j++) sum += ((double)a[j] - b[j]) * ((double)a[j] - b[j]);
    return sqrt(sum);
}

static void near(const char *what, double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance * fabs(expected)))
        ck_abort_msg("%s is %.17g; should be %.17g", what, value, expected);
}

/* Rows, columns and numbers a row on both sides of where work is cut: 128, 512 and 256, and of a kernel's tile. */
static const struct {
    int64_t n, m, d;
} sizes[] = {{129, 514, 3}, {7, 513, 257}, {130, 128, 256}, {128, 17, 511}, {257, 512, 16}, {2, 3, 1}};
#define SIZES ((int)(sizeof sizes / sizeof *sizes))

static void check_nearest(const float *x, const float *y, int64_t n, int64_t m, int64_t d, const gan_tensor *indices,
                          const gan_tensor *distances)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t first = 0, second = -1;
        for (int64_t j = 1; j < m; j++) {
            double distance = distance_of(x + i * d, y + j * d, d);
            if (distance < distance_of(x + i * d, y + first * d, d))
                second = first, first = j;
            else if (second < 0 || distance < distance_of(x + i * d, y + second * d, d))
                second = j;
        }
        const int64_t expected[] = {first, second};
        for (int k = 0; k < 2; k++) {
            if (numbers(indices)[2 * i + k] != expected[k])
                ck_abort_msg("neighbour %d of %d is %d; should be %d", k, (int)i, (int)numbers(indices)[2 * i + k],
                             (int)expected[k]);
            near("a distance", (double)gan_tensor_floats(distances)[2 * i + k],
                 distance_of(x + i * d, y + expected[k] * d, d), 1e-7);
        }
    }
}

START_TEST(distances_as_by_plain_loops)
{
    int64_t n = sizes[_i % SIZES].n, m = sizes[_i % SIZES].m, d = sizes[_i % SIZES].d;
    gan_context *context = new_context(2, kernel_set(_i / SIZES));
    gan_tensor *x = new_tensor(context, GAN_SHAPE(n, d)), *y = new_tensor(context, GAN_SHAPE(m, d)), *indices;
    gan_tensor *distances = new_tensor(context, GAN_SHAPE(n, 2));
    ok(gan_tensor_create(&indices, context, GAN_INT32, GAN_SHAPE(n, 2)));
    fill_normal(context, x, 1);
    fill_normal(context, y, 2);
    ok(gan_metric_nearest(indices, distances, x, y));
    check_nearest(gan_tensor_floats(x), gan_tensor_floats(y), n, m, d, indices, distances);
    double mean, sum = 0;
    ok(gan_metric_pairwise_distance(&mean, y));
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < i; j++)
            sum += distance_of(gan_tensor_floats(y) + i * d, gan_tensor_floats(y) + j * d, d);
    near("the mean distance", mean, sum / ((double)m * (double)(m - 1) / 2), 1e-12);
    gan_tensor_free(&x);
    gan_tensor_free(&y);
    gan_tensor_free(&indices);
    gan_tensor_free(&distances);
    gan_context_free(&context);
}
END_TEST

START_TEST(moments_as_by_plain_loops)
{
    int64_t n = sizes[_i % SIZES].m, d = sizes[_i % SIZES].d;
    gan_context *context = new_context(2, kernel_set(_i / SIZES));
    gan_tensor *x = new_tensor(context, GAN_SHAPE(n, d));
    gan_moments *moments;
    fill_normal(context, x, 3);
    const float *values = gan_tensor_floats(x);
    double *mean = calloc((size_t)d, sizeof *mean), *covariance = calloc((size_t)(d * d), sizeof *covariance);
    ok(gan_moments_create(&moments, context, d));
    ok(gan_moments_add(moments, x));
    ok(gan_moments_get(moments, mean, covariance));
    ck_assert_int_eq(gan_moments_count(moments), n);
    ck_assert_int_eq(gan_moments_dims(moments), d);
    for (int64_t a = 0; a < d; a++) {
        double expected = 0;
        for (int64_t i = 0; i < n; i++) expected += values[i * d + a];
        if (fabs(mean[a] - expected / (double)n) > 1e-13) ck_abort_msg("mean %d is %.17g", (int)a, mean[a]);
    }
    for (int64_t a = 0; a < d; a++)
        for (int64_t b = 0; b < d; b++) {
            double expected = 0;
            for (int64_t i = 0; i < n; i++) expected += (values[i * d + a] - mean[a]) * (values[i * d + b] - mean[b]);
            if (fabs(covariance[a * d + b] - expected / (double)(n - 1)) > 1e-12)
                ck_abort_msg("covariance %d, %d is %.17g; should be %.17g", (int)a, (int)b, covariance[a * d + b],
                             expected / (double)(n - 1));
        }
    free(covariance);
    free(mean);
    gan_moments_free(&moments);
    gan_tensor_free(&x);
    gan_context_free(&context);
}
END_TEST

START_TEST(same_bits_with_any_number_of_threads)
{
    const metric *m = &metrics[_i];
    double expected[MOST_NUMBERS] = {0};
    if (!metric_available(m)) return;
    for (int threads = 1; threads <= 3; threads++) {
        double found[MOST_NUMBERS] = {0};
        gan_context *kept = metric_context;
        metric_context = new_context(threads, GAN_KERNELS_AUTO);
        gan_tensor *real = new_features(metric_context, 600, 9, 1, 0),
                   *generated = new_features(metric_context, 530, 9, 2, 0.1f);
        ok(m->compute(threads == 1 ? expected : found, real, generated));
        if (threads > 1) ck_assert_mem_eq(found, expected, sizeof found);
        gan_tensor_free(&real);
        gan_tensor_free(&generated);
        gan_context_free(&metric_context);
        metric_context = kept;
    }
}
END_TEST

#define ROWS 21
#define DIMS 35

/* Mean and covariance of the rows, added `batch` at a time. */
static void moments_by(int64_t batch, double *out)
{
    gan_tensor *x = new_tensor(metric_context, GAN_SHAPE(ROWS, DIMS));
    gan_moments *moments;
    fill_normal(metric_context, x, 5);
    ok(gan_moments_create(&moments, metric_context, DIMS));
    for (int64_t i = 0; i < ROWS; i += batch) {
        gan_tensor *part;
        int64_t rows = i + batch < ROWS ? batch : ROWS - i;
        ok(gan_tensor_wrap(&part, metric_context, GAN_FLOAT32, GAN_SHAPE(rows, 5, 7), gan_tensor_floats(x) + i * DIMS,
                           NULL, NULL));
        ok(gan_moments_add(moments, part));
        gan_tensor_free(&part);
    }
    ok(gan_moments_get(moments, out, out + DIMS));
    gan_moments_free(&moments);
    gan_tensor_free(&x);
}

START_TEST(same_bits_in_batches_of_any_size)
{
    double expected[DIMS + DIMS * DIMS], found[DIMS + DIMS * DIMS];
    moments_by(ROWS, expected);
    for (int64_t batch = 1; batch < ROWS; batch++) {
        moments_by(batch, found);
        ck_assert_mem_eq(found, expected, sizeof found);
    }
}
END_TEST

/* A set and itself: nothing is between them. */
START_TEST(equal_sets)
{
    gan_tensor *x = new_features(metric_context, 40, 2, 1, 3), *indices, *distances;
    gan_metric_precision_result precision = {.size = sizeof precision};
    gan_metric_density_result density = {.size = sizeof density};
    gan_metric_kernel_result kernel = {.size = sizeof kernel};
    double distance;
    ok(gan_metric_precision_recall(&precision, x, x, NULL));
    ck_assert(precision.precision == 1 && precision.recall == 1);
    ok(gan_metric_density_coverage(&density, x, x, gan_metric_neighbour_options(.neighbours = 4)));
    near("density", density.density, 5.0 / 4, 1e-15); /* itself and its neighbours */
    ck_assert(density.coverage == 1);
    ok(gan_metric_sliced_wasserstein(&distance, x, x, NULL));
    ck_assert(distance == 0);
    ok(gan_tensor_create(&indices, metric_context, GAN_INT32, GAN_SHAPE(40, 1)));
    ok(gan_tensor_create(&distances, metric_context, GAN_FLOAT32, GAN_SHAPE(40, 1)));
    ok(gan_metric_nearest(indices, distances, x, x));
    for (int i = 0; i < 40; i++) ck_assert(numbers(indices)[i] == i && gan_tensor_floats(distances)[i] == 0);
    ok(gan_metric_kernel_distance(&kernel, x, x, gan_metric_kernel_options(.subsets = 1)));
    ck_assert(kernel.deviation == 0 && isnan(kernel.error) && kernel.distance < 0);
    gan_tensor_free(&distances);
    gan_tensor_free(&indices);
    gan_tensor_free(&x);
}
END_TEST

/* Samples that are all one: the balls of a collapsed G are points, which are inside themselves. */
START_TEST(collapsed_sets)
{
    gan_tensor *real = new_features(metric_context, 30, 1, 1, 0),
               *generated = new_features(metric_context, 20, 1, 2, 0);
    gan_tensor *indices;
    gan_metric_precision_result precision = {.size = sizeof precision};
    gan_metric_density_result density = {.size = sizeof density};
    gan_metric_similarity_result similarity = {.size = sizeof similarity};
    double distance;
    for (int i = 0; i < 20; i++)
        memcpy(gan_tensor_floats(generated) + 16 * i, gan_tensor_floats(real), 16 * sizeof(float));
    ok(gan_metric_precision_recall(&precision, real, generated, NULL));
    ck_assert(precision.precision == 1);
    near("recall", precision.recall, 1.0 / 30, 1e-15);
    ok(gan_metric_density_coverage(&density, real, generated, NULL));
    ck_assert(density.coverage > 0 && density.coverage < 0.5);
    ok(gan_metric_pairwise_distance(&distance, generated));
    ck_assert(distance == 0);
    ok(gan_metric_ms_ssim(&similarity, generated, NULL));
    near("similarity", similarity.similarity, 1, 1e-12);
    ck_assert(similarity.error < 1e-12);
    ok(gan_tensor_create(&indices, metric_context, GAN_INT32, GAN_SHAPE(30, 3)));
    ok(gan_metric_nearest(indices, NULL, real, generated)); /* the first of equally near ones */
    for (int i = 0; i < 30 * 3; i++) ck_assert_int_eq(numbers(indices)[i], i % 3);
    gan_tensor_free(&indices);
    gan_tensor_free(&real);
    gan_tensor_free(&generated);
}
END_TEST

/* Whole numbers on a line, whose balls of one neighbour end at one: what is on the surface is inside. */
START_TEST(balls_include_their_surface)
{
    const float places[] = {-1, -1.5f, -3, 8, 11};
    gan_tensor *real = new_tensor(metric_context, GAN_SHAPE(6, 1)),
               *generated = new_tensor(metric_context, GAN_SHAPE(5, 1));
    gan_metric_precision_result precision = {.size = sizeof precision};
    gan_metric_density_result density = {.size = sizeof density};
    for (int i = 0; i < 6; i++) gan_tensor_floats(real)[i] = (float)i;
    memcpy(gan_tensor_floats(generated), places, sizeof places);
    ok(gan_metric_precision_recall(&precision, real, generated, gan_metric_neighbour_options(.neighbours = 1)));
    near("precision", precision.precision, 1.0 / 5, 1e-15); /* -1 from 0 */
    near("recall", precision.recall, 1.0 / 6, 1e-15);       /* 5 from 8 */
    ok(gan_metric_density_coverage(&density, real, generated, gan_metric_neighbour_options(.neighbours = 1)));
    near("density", density.density, 1.0 / 5, 1e-15);
    near("coverage", density.coverage, 1.0 / 6, 1e-15);
    gan_tensor_free(&real);
    gan_tensor_free(&generated);
}
END_TEST

/* The same samples, moved: the distance of means alone; and by a factor, where covariances are known. */
START_TEST(frechet_distance_of_known_sets)
{
    gan_tensor *x = new_features(metric_context, 50, 1, 1, 0), *y = new_features(metric_context, 50, 1, 1, 0);
    double distance, covariance[16 * 16], mean[16], expected = 0, moved;
    gan_moments *moments;
    if (!gan_has_feature("lapack")) return;
    for (int i = 0; i < 50 * 16; i++) gan_tensor_floats(y)[i] = 2 * gan_tensor_floats(x)[i];
    ok(metrics[0].compute(&distance, x, y));
    ok(gan_moments_create(&moments, metric_context, 16));
    ok(gan_moments_add(moments, x));
    ok(gan_moments_get(moments, mean, covariance));
    for (int j = 0; j < 16; j++) expected += mean[j] * mean[j] + covariance[17 * j];
    near("the distance to twice the numbers", distance, expected, 1e-10);
    for (int i = 0; i < 50 * 16; i++) gan_tensor_floats(y)[i] = 0.25f + gan_tensor_floats(x)[i];
    ok(metrics[0].compute(&moved, x, y));
    near("the distance to moved numbers", moved, 16 * 0.0625, 1e-6);
    for (int i = 0; i < 50 * 16; i++) gan_tensor_floats(x)[i] = 3;
    ok(metrics[0].compute(&moved, x, x));
    ck_assert(moved == 0);
    gan_moments_free(&moments);
    gan_tensor_free(&x);
    gan_tensor_free(&y);
}
END_TEST

/* C1 of one direction, (1, .., 1), with the eigenvalue 2 d, and C2 = c I, of 2 d rows on the axes. All other eigenvalues
 * of C1 are 0, and what rounding makes of them must not count. */
START_TEST(frechet_distance_of_singular_sets)
{
    enum { D = 300 };
    gan_tensor *x = new_tensor(metric_context, GAN_SHAPE(2, D)), *y = new_tensor(metric_context, GAN_SHAPE(2 * D, D));
    double distance, side = 17, c = 2 * side * side / (2 * D - 1);
    if (!gan_has_feature("lapack")) return;
    for (int j = 0; j < D; j++) {
        gan_tensor_floats(x)[j] = 1;
        gan_tensor_floats(x)[D + j] = -1;
        gan_tensor_floats(y)[j * D + j] = (float)side;
        gan_tensor_floats(y)[(D + j) * D + j] = -(float)side;
    }
    ok(metrics[0].compute(&distance, x, y));
    near("the distance of a line", distance, 2 * D + c * D - 2 * sqrt(c * 2 * D), 1e-12);
    gan_tensor_free(&x);
    gan_tensor_free(&y);
}
END_TEST

/* Without bias: sets of one distribution are 0 apart within some errors. */
START_TEST(kernel_distance_is_unbiased)
{
    gan_tensor *x = new_features(metric_context, 1000, 1, 1, 0), *y = new_features(metric_context, 1000, 1, 2, 0);
    gan_metric_kernel_result r = {.size = sizeof r};
    ok(gan_metric_kernel_distance(&r, x, y, gan_metric_kernel_options(.subsets = 50, .subset_size = 100)));
    ck_assert_msg(fabs(r.distance) < 4 * r.error && r.error > 0, "%g +- %g", r.distance, r.error);
    near("the error", r.error, r.deviation * sqrt(1.0 / 49 + 1.0 / 9), 1e-12);
    ok(gan_metric_kernel_distance(&r, x, y, gan_metric_kernel_options(.subsets = 3, .subset_size = 1000)));
    ck_assert(isnan(r.error));
    gan_tensor_free(&x);
    gan_tensor_free(&y);
}
END_TEST

START_TEST(modes_of_the_synthetic_set)
{
    gan_dataset *data;
    gan_tensor *images = new_tensor(metric_context, GAN_SHAPE(2000, 16, 16, 3)),
               *modes = new_labels(metric_context, 2000);
    gan_tensor *distances = new_tensor(metric_context, GAN_SHAPE(2000));
    gan_metric_modes_result r = {.size = sizeof r};
    ok(gan_dataset_create_synthetic(&data, metric_context, NULL));
    ok(gan_dataset_next(data, images, NULL));
    ok(gan_synthetic_modes(modes, distances, images));
    ok(gan_metric_modes(&r, modes, NULL, NULL));
    ck_assert_msg(r.covered > 830 && r.covered < 900, "%d modes", (int)r.covered); /* 865 in the mean */
    ck_assert_int_eq(r.counted, 2000);
    near("divergence", r.divergence, 0.284, 0.15); /* by Poisson numbers of two a mode */
    fill_normal(metric_context, images, 9);
    ok(gan_synthetic_modes(modes, distances, images));
    ok(gan_metric_modes(&r, modes, distances, gan_metric_modes_options(.limit = 0.2f)));
    ck_assert(r.covered == 0 && r.counted == 0 && isnan(r.divergence));
    for (int i = 0; i < 2000; i++) numbers(modes)[i] = i % 4;
    ok(gan_metric_modes(&r, modes, NULL, NULL));
    ck_assert_int_eq(r.covered, 4);
    near("divergence", r.divergence, log(250), 1e-14);
    gan_dataset_free(&data);
    gan_tensor_free(&distances);
    gan_tensor_free(&modes);
    gan_tensor_free(&images);
}
END_TEST

START_TEST(features_of_a_run)
{
    gan_network *network;
    gan_run *run;
    gan_tensor *images = new_features(metric_context, 3, 2, 1, 0), *all = new_tensor(metric_context, GAN_SHAPE(5, 96)),
               *pooled = new_tensor(metric_context, GAN_SHAPE(5, 6));
    ok(gan_network_create(&network, metric_context, NULL));
    gan_node *x = gan_conv2d(gan_input(network, 4, 4, 2), .filters = 6, .kernel = 3, .padding = GAN_PADDING_SAME);
    gan_network_output(network, gan_linear(gan_flatten(x), .units = 1));
    gan_network_output(network, x);
    ok(gan_network_build(network));
    ok(gan_run_create(&run, network, GAN_INFERENCE, 3));
    fails(GAN_ERROR_STATE, "no forward pass", gan_metric_features(all, 0, run, NULL));
    ok(gan_run_forward(run, images));
    ok(gan_metric_features(all, 2, run, gan_metric_features_options(.output = 1)));
    ok(gan_metric_features(pooled, 0, run, gan_metric_features_options(.output = 1, .pool = true)));
    const float *out = gan_tensor_floats(gan_run_output(run, 1));
    ck_assert_mem_eq(gan_tensor_floats(all) + 2 * 96, out, 3 * 96 * sizeof *out);
    for (int i = 0; i < 2 * 96; i++) ck_assert(gan_tensor_floats(all)[i] == 0);
    for (int i = 0; i < 3 * 6; i++) {
        double sum = 0;
        for (int p = 0; p < 16; p++) sum += out[i / 6 * 96 + p * 6 + i % 6];
        ck_assert(gan_tensor_floats(pooled)[i] == (float)(sum / 16));
    }
    fails(GAN_ERROR_INVALID_ARGUMENT, "row is 3",
          gan_metric_features(all, 3, run, gan_metric_features_options(.output = 1)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "row is -1",
          gan_metric_features(all, -1, run, gan_metric_features_options(.output = 1)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "output is 2",
          gan_metric_features(all, 0, run, gan_metric_features_options(.output = 2)));
    fails(GAN_ERROR_INVALID_ARGUMENT, "output is -1",
          gan_metric_features(all, 0, run, gan_metric_features_options(.output = -1)));
    fails(GAN_ERROR_SHAPE, "float [n,1]", gan_metric_features(all, 0, run, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "features are NULL", gan_metric_features(NULL, 0, run, NULL));
    fails(GAN_ERROR_INVALID_ARGUMENT, "run is NULL", gan_metric_features(all, 0, NULL, NULL));
    gan_run_free(&run);
    gan_network_free(&network);
    gan_tensor_free(&pooled);
    gan_tensor_free(&all);
    gan_tensor_free(&images);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("metrics");
    TCase *tests = tcase_create("metrics");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, distances_as_by_plain_loops, 0, SIZES * kernel_set_count());
    tcase_add_loop_test(tests, moments_as_by_plain_loops, 0, SIZES * kernel_set_count());
    tcase_add_loop_test(tests, same_bits_with_any_number_of_threads, 0, metric_count());
    tcase_add_test(tests, same_bits_in_batches_of_any_size);
    tcase_add_test(tests, equal_sets);
    tcase_add_test(tests, collapsed_sets);
    tcase_add_test(tests, balls_include_their_surface);
    tcase_add_test(tests, frechet_distance_of_known_sets);
    tcase_add_test(tests, frechet_distance_of_singular_sets);
    tcase_add_test(tests, kernel_distance_is_unbiased);
    tcase_add_test(tests, modes_of_the_synthetic_set);
    tcase_add_test(tests, features_of_a_run);
    return run_suite(suite);
}
