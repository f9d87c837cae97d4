/* SPDX-License-Identifier: BSD-2-Clause */
#include "golden.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Files of metrics: features, and numbers by name. A file has the numbers of some rows of the table. */

#define TOLERANCE 1e-6

struct values {
    double number[4];
};

#define SETTING(name) (int64_t) golden_number(file, #name, 0)

static struct values frechet(const golden *file, gan_context *context, const gan_tensor *real,
                             const gan_tensor *generated)
{
    (void)file;
    gan_moments *moments[2];
    struct values values = {{0}};
    for (int i = 0; i < 2; i++) {
        const gan_tensor *features = i ? generated : real;
        ok(gan_moments_create(&moments[i], context, gan_tensor_dimension(features, 1)));
        ok(gan_moments_add(moments[i], features));
    }
    ok(gan_metric_frechet_distance(&values.number[0], moments[0], moments[1]));
    for (int i = 0; i < 2; i++) gan_moments_free(&moments[i]);
    return values;
}

static struct values kernel(const golden *file, gan_context *context, const gan_tensor *real,
                            const gan_tensor *generated)
{
    (void)context;
    gan_metric_kernel_result r = {.size = sizeof r};
    ok(gan_metric_kernel_distance(
        &r, real, generated,
        gan_metric_kernel_options(.subsets = SETTING(subsets), .subset_size = SETTING(subset_size))));
    return (struct values){{r.distance, r.deviation, r.error}};
}

static struct values precision(const golden *file, gan_context *context, const gan_tensor *real,
                               const gan_tensor *generated)
{
    (void)file, (void)context;
    gan_metric_precision_result r = {.size = sizeof r};
    ok(gan_metric_precision_recall(&r, real, generated, NULL));
    return (struct values){{r.precision, r.recall}};
}

static struct values density(const golden *file, gan_context *context, const gan_tensor *real,
                             const gan_tensor *generated)
{
    (void)file, (void)context;
    gan_metric_density_result r = {.size = sizeof r};
    ok(gan_metric_density_coverage(&r, real, generated, NULL));
    return (struct values){{r.density, r.coverage}};
}

static struct values wasserstein(const golden *file, gan_context *context, const gan_tensor *real,
                                 const gan_tensor *generated)
{
    (void)context;
    struct values values;
    for (int64_t p = 1; p <= 2; p++)
        ok(gan_metric_sliced_wasserstein(
            &values.number[p - 1], real, generated,
            gan_metric_wasserstein_options(.projections = SETTING(projections), .order = p)));
    return values;
}

static struct values pairwise(const golden *file, gan_context *context, const gan_tensor *real,
                              const gan_tensor *generated)
{
    (void)file, (void)context, (void)real;
    struct values values;
    ok(gan_metric_pairwise_distance(&values.number[0], generated));
    return values;
}

/* The numbers themselves are tensors of the file. */
static struct values nearest(const golden *file, gan_context *context, const gan_tensor *real,
                             const gan_tensor *generated)
{
    gan_tensor *expected = golden_tensor(file, context, "nearest"), *indices, *distances;
    ok(gan_tensor_create(&indices, context, GAN_INT32, 2, gan_tensor_shape(expected)));
    ok(gan_tensor_create(&distances, context, GAN_FLOAT32, 2, gan_tensor_shape(expected)));
    ok(gan_metric_nearest(indices, distances, generated, real));
    int64_t count = gan_tensor_count(indices);
    for (int64_t i = 0; i < count; i++) ck_assert_int_eq(numbers(indices)[i], (int)gan_tensor_floats(expected)[i]);
    check_close("distances", gan_tensor_floats(distances), golden_find(file, "distances", NULL, NULL), count, 1e-7f);
    gan_tensor_free(&distances);
    gan_tensor_free(&indices);
    gan_tensor_free(&expected);
    return (struct values){{golden_number(file, "projections", 0)}};
}

static struct values entropy(const golden *file, gan_context *context, const gan_tensor *real,
                             const gan_tensor *generated)
{
    (void)real, (void)generated;
    gan_tensor *outputs = golden_tensor(file, context, "outputs");
    gan_metric_entropy_result r = {.size = sizeof r};
    ok(gan_metric_classifier_entropy(
        &r, outputs,
        gan_metric_entropy_options(.probabilities = SETTING(probabilities) != 0, .splits = SETTING(splits))));
    gan_tensor_free(&outputs);
    return (struct values){{r.score, r.deviation, r.marginal, r.conditional}};
}

static struct values ms_ssim(const golden *file, gan_context *context, const gan_tensor *real,
                             const gan_tensor *generated)
{
    (void)real, (void)generated;
    gan_tensor *images = golden_tensor(file, context, "images");
    gan_metric_similarity_result r = {.size = sizeof r};
    ok(gan_metric_ms_ssim(&r, images,
                          gan_metric_similarity_options(.pairs = SETTING(pairs), .scales = SETTING(scales),
                                                        .range = (float)golden_number(file, "range", 0))));
    gan_tensor_free(&images);
    return (struct values){{r.similarity, r.error}};
}

static struct values modes(const golden *file, gan_context *context, const gan_tensor *real,
                           const gan_tensor *generated)
{
    (void)real, (void)generated;
    gan_tensor *distances = golden_tensor(file, context, "mode_distances");
    int64_t count = gan_tensor_count(distances);
    gan_tensor *labels = new_labels(context, count);
    const float *values = golden_find(file, "modes", NULL, NULL);
    for (int64_t i = 0; i < count; i++) numbers(labels)[i] = (int32_t)values[i];
    gan_metric_modes_result r = {.size = sizeof r};
    ok(gan_metric_modes(
        &r, labels, distances,
        gan_metric_modes_options(.modes = SETTING(mode_count), .limit = (float)golden_number(file, "limit", 0))));
    gan_tensor_free(&labels);
    gan_tensor_free(&distances);
    return (struct values){{(double)r.covered, (double)r.counted, r.divergence}};
}

static const struct {
    struct values (*compute)(const golden *file, gan_context *context, const gan_tensor *real,
                             const gan_tensor *generated);
    const char *names[4];
} metrics[] = {
    {frechet, {"frechet"}},
    {kernel, {"kernel", "kernel_deviation", "kernel_error"}},
    {precision, {"precision", "recall"}},
    {density, {"density", "coverage"}},
    {wasserstein, {"wasserstein_1", "wasserstein_2"}},
    {pairwise, {"pairwise"}},
    {nearest, {"projections"}},
    {entropy, {"score", "score_deviation", "marginal", "conditional"}},
    {ms_ssim, {"similarity", "similarity_error"}},
    {modes, {"covered", "counted", "divergence"}},
};

void check_metric_file(const golden *file, gan_context *context, const char *prefix)
{
    (void)prefix;
    bool pair = golden_find(file, "real", NULL, NULL) != NULL;
    gan_tensor *real = pair ? golden_tensor(file, context, "real") : NULL;
    gan_tensor *generated = pair ? golden_tensor(file, context, "generated") : NULL;
    int checked = 0;
    for (size_t m = 0; m < sizeof metrics / sizeof *metrics; m++) {
        if (!golden_text(file, metrics[m].names[0])) continue;
        if (metrics[m].compute == frechet && !gan_has_feature("lapack")) continue;
        struct values values = metrics[m].compute(file, context, real, generated);
        for (int i = 0; i < 4 && metrics[m].names[i]; i++, checked++) {
            double expected = golden_number(file, metrics[m].names[i], NAN);
            ck_assert_msg(fabs(values.number[i] - expected) <= TOLERANCE * fabs(expected),
                          "%s is %.12g; should be %.12g", metrics[m].names[i], values.number[i], expected);
        }
    }
    ck_assert_int_gt(checked, 0);
    gan_tensor_free(&generated);
    gan_tensor_free(&real);
}
