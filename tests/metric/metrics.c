/* SPDX-License-Identifier: BSD-2-Clause */
#include "metrics.h"

#include <string.h>

gan_context *metric_context;

static gan_status frechet(double *numbers, const gan_tensor *real, const gan_tensor *generated)
{
    gan_moments *moments[2] = {NULL, NULL};
    gan_status status = GAN_OK;
    for (int i = 0; status == GAN_OK && i < 2; i++) {
        const gan_tensor *features = i ? generated : real;
        int64_t rows = gan_tensor_dimension(features, 0);
        status = gan_moments_create(&moments[i], metric_context, rows ? gan_tensor_count(features) / rows : 1);
        if (status == GAN_OK) status = gan_moments_add(moments[i], features);
    }
    if (status == GAN_OK) status = gan_metric_frechet_distance(numbers, moments[0], moments[1]);
    for (int i = 0; i < 2; i++) gan_moments_free(&moments[i]);
    return status;
}

static gan_status kernel(double *numbers, const gan_tensor *real, const gan_tensor *generated)
{
    gan_metric_kernel_result r = {.size = sizeof r};
    gan_status status = gan_metric_kernel_distance(&r, real, generated, gan_metric_kernel_options(.subsets = 3));
    numbers[0] = r.distance, numbers[1] = r.deviation, numbers[2] = r.error;
    return status;
}

static gan_status precision(double *numbers, const gan_tensor *real, const gan_tensor *generated)
{
    gan_metric_precision_result r = {.size = sizeof r};
    gan_status status = gan_metric_precision_recall(&r, real, generated, NULL);
    numbers[0] = r.precision, numbers[1] = r.recall;
    return status;
}

static gan_status density(double *numbers, const gan_tensor *real, const gan_tensor *generated)
{
    gan_metric_density_result r = {.size = sizeof r};
    gan_status status = gan_metric_density_coverage(&r, real, generated, NULL);
    numbers[0] = r.density, numbers[1] = r.coverage;
    return status;
}

static gan_status wasserstein(double *numbers, const gan_tensor *real, const gan_tensor *generated)
{
    return gan_metric_sliced_wasserstein(numbers, real, generated, gan_metric_wasserstein_options(.projections = 70));
}

static gan_status entropy(double *numbers, const gan_tensor *real, const gan_tensor *generated)
{
    (void)real;
    gan_metric_entropy_result r = {.size = sizeof r};
    gan_status status = gan_metric_classifier_entropy(&r, generated, gan_metric_entropy_options(.splits = 2));
    numbers[0] = r.score, numbers[1] = r.deviation, numbers[2] = r.marginal, numbers[3] = r.conditional;
    return status;
}

static gan_status pairwise(double *numbers, const gan_tensor *real, const gan_tensor *generated)
{
    (void)real;
    return gan_metric_pairwise_distance(numbers, generated);
}

static gan_status ms_ssim(double *numbers, const gan_tensor *real, const gan_tensor *generated)
{
    (void)real;
    gan_metric_similarity_result r = {.size = sizeof r};
    gan_status status = gan_metric_ms_ssim(&r, generated, gan_metric_similarity_options(.pairs = 50));
    numbers[0] = r.similarity, numbers[1] = r.error;
    return status;
}

/* The sums of indices and distances, each with a weight by its place. */
static gan_status nearest(double *numbers, const gan_tensor *real, const gan_tensor *generated)
{
    int64_t n = gan_tensor_dimension(generated, 0);
    gan_tensor *indices = NULL, *distances = NULL;
    gan_status status = gan_tensor_create(&indices, metric_context, GAN_INT32, GAN_SHAPE(n ? n : 1, 2));
    if (status == GAN_OK) status = gan_tensor_create(&distances, metric_context, GAN_FLOAT32, GAN_SHAPE(n ? n : 1, 2));
    if (status == GAN_OK) status = gan_metric_nearest(indices, distances, generated, real);
    for (int64_t i = 0; status == GAN_OK && i < 2 * n; i++) {
        numbers[0] += (double)(i + 1) * ((const int32_t *)gan_tensor_data(indices))[i];
        numbers[1] += (double)(i + 1) * (double)gan_tensor_floats(distances)[i];
    }
    gan_tensor_free(&indices);
    gan_tensor_free(&distances);
    return status;
}

const metric metrics[] = {
    {"frechet", "gan_m", frechet, true, 2},
    {"kernel", "gan_metric_kernel_distance", kernel, true, 2},
    {"precision", "gan_metric_precision_recall", precision, true, 4},
    {"density", "gan_metric_density_coverage", density, true, 6},
    {"wasserstein", "gan_metric_sliced_wasserstein", wasserstein, true, 1},
    {"entropy", "gan_metric_classifier_entropy", entropy, false, 2},
    {"pairwise", "gan_metric_pairwise_distance", pairwise, false, 2},
    {"ms_ssim", "gan_metric_ms_ssim", ms_ssim, false, 2},
    {"nearest", "gan_metric_nearest", nearest, true, 2},
};

int metric_count(void)
{
    return (int)(sizeof metrics / sizeof *metrics);
}

bool metric_available(const metric *m)
{
    return strcmp(m->name, "frechet") != 0 || gan_has_feature("lapack");
}

gan_tensor *new_features(gan_context *context, int64_t n, int64_t c, uint64_t number, float mean)
{
    gan_tensor *features = new_tensor(context, GAN_SHAPE(n, 4, 4, c));
    uint64_t position = number << 32;
    ok(gan_random_normal(context, GAN_STREAM_USER, &position, features, mean, 1));
    return features;
}
