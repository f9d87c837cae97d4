/* SPDX-License-Identifier: BSD-2-Clause */
#include "metric/metric.h"

static const gan_field fields[] = {
    {"probabilities", GAN_FIELD_BOOL, 0, offsetof(gan_metric_entropy_options, probabilities), 0, 0, 0},
    {"splits", GAN_FIELD_INT64, 0, offsetof(gan_metric_entropy_options, splits), 1, INT32_MAX, 1},
};

#define SUM_TOLERANCE 1e-3

/* -p log p, and its limit at 0 */
static double surprise(double p)
{
    return p > 0 ? -p * log(p) : 0;
}

/* One sample's probabilities from a row: as they are, made to sum to 1, or the softmax of logits. False when they are
 * none. */
static bool read_row(double *p, const float *x, int64_t classes, bool probabilities)
{
    double sum = 0, most = x[0];
    for (int64_t j = 1; j < classes; j++) most = x[j] > most ? x[j] : most;
    for (int64_t j = 0; j < classes; j++) {
        if (probabilities && x[j] < 0) return false;
        p[j] = probabilities ? x[j] : exp(x[j] - most);
        sum += p[j];
    }
    if (probabilities && !(fabs(sum - 1) <= SUM_TOLERANCE)) return false;
    for (int64_t j = 0; j < classes; j++) p[j] /= sum;
    return true;
}

/* The entropy of the mean p(y) of some samples, and their mean entropy: KL(p(y|x) || p(y)), meant over the samples, is
 * the difference. p: 2 [classes]. */
static gan_status measure(double entropies[2], const gan_points *points, int64_t begin, int64_t end, bool probabilities,
                          double *p)
{
    double *mean = p + points->dims, n = (double)(end - begin);
    for (int64_t j = 0; j < points->dims; j++) mean[j] = 0;
    entropies[0] = entropies[1] = 0;
    for (int64_t i = begin; i < end; i++) {
        if (!read_row(p, points->x + i * points->dims, points->dims, probabilities))
            return gan_fail(GAN_ERROR_NUMERIC,
                            "gan_metric_classifier_entropy: row %lld of outputs has no probabilities: they must be at "
                            "least 0, and their sum 1 within %g",
                            (long long)i, SUM_TOLERANCE);
        for (int64_t j = 0; j < points->dims; j++) {
            mean[j] += p[j];
            entropies[1] += surprise(p[j]);
        }
    }
    for (int64_t j = 0; j < points->dims; j++) entropies[0] += surprise(mean[j] / n);
    entropies[1] /= n;
    return GAN_OK;
}

gan_status gan_metric_classifier_entropy(gan_metric_entropy_result *result, const gan_tensor *outputs,
                                         const gan_metric_entropy_options *given)
{
    static const char call[] = "gan_metric_classifier_entropy";
    gan_metric_entropy_result found = {0};
    gan_metric_entropy_options options;
    gan_points points;
    gan_status status = gan_result_check(call, result, "gan_metric_entropy_result", sizeof found);
    if (status == GAN_OK)
        status = gan_options_read(&options, sizeof options, given, "gan_metric_entropy_options", fields,
                                  GAN_FIELD_COUNT(fields));
    if (status == GAN_OK) status = gan_points_read(&points, call, "outputs", outputs, options.splits);
    if (status != GAN_OK) return status;
    gan_context *context = outputs->context;
    double entropies[2] = {0};
    double *scores = gan_context_allocate(context, (size_t)options.splits, sizeof *scores, "a classifier's entropy");
    double *p = gan_context_allocate(context, (size_t)points.dims, 2 * sizeof *p, "a classifier's entropy");
    status = scores && p ? GAN_OK : GAN_ERROR_OUT_OF_MEMORY;
    for (int64_t s = 0; status == GAN_OK && s < options.splits; s++) {
        int64_t begin = s * points.count / options.splits, end = (s + 1) * points.count / options.splits;
        status = measure(entropies, &points, begin, end, options.probabilities, p);
        scores[s] = exp(entropies[0] - entropies[1]);
    }
    if (status == GAN_OK) status = measure(entropies, &points, 0, points.count, options.probabilities, p);
    if (status == GAN_OK) {
        found.score = gan_mean(scores, options.splits, &found.deviation);
        found.marginal = entropies[0];
        found.conditional = entropies[1];
        gan_result_write(result, &found, sizeof found);
    }
    gan_context_release(context, p);
    gan_context_release(context, scores);
    return status;
}
