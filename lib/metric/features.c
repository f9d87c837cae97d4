/* SPDX-License-Identifier: BSD-2-Clause */
#include "metric/metric.h"

#include <string.h>

static const gan_field fields[] = {
    {"pool", GAN_FIELD_BOOL, 0, offsetof(gan_metric_features_options, pool), 0, 0, 0},
    {"output", GAN_FIELD_INT, 0, offsetof(gan_metric_features_options, output), 0, INT32_MAX, 0},
};

/* The means over the pixels of one sample, in their order. */
static void pool(float *to, const float *x, int64_t pixels, int64_t channels)
{
    for (int64_t c = 0; c < channels; c++) {
        double sum = 0;
        for (int64_t p = 0; p < pixels; p++) sum += x[p * channels + c];
        to[c] = (float)(sum / (double)pixels);
    }
}

gan_status gan_metric_features(gan_tensor *features, int64_t row, const gan_run *run,
                               const gan_metric_features_options *given)
{
    static const char call[] = "gan_metric_features";
    char text[GAN_TENSOR_TEXT], other[GAN_TENSOR_TEXT];
    gan_metric_features_options options;
    if (!features || !run)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s NULL", call, features ? "run is" : "features are");
    gan_status status = gan_options_read(&options, sizeof options, given, "gan_metric_features_options", fields,
                                         GAN_FIELD_COUNT(fields));
    if (status != GAN_OK) return status;
    if (!gan_run_output(run, 0)) return gan_fail(GAN_ERROR_STATE, "%s: the run has had no forward pass yet", call);
    const gan_tensor *output = gan_run_output(run, options.output);
    if (!output)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "gan_metric_features_options.output is %d; the network has fewer outputs", options.output);
    int64_t n = output->shape[0], size = gan_tensor_count(output) / n;
    int64_t dims = options.pool ? output->shape[output->rank - 1] : size;
    if (features->type != GAN_FLOAT32 || features->rank != 2 || features->shape[1] != dims)
        return gan_fail(GAN_ERROR_SHAPE, "%s: features are %s; for an output %s they must be float [n,%lld]", call,
                        gan_tensor_text(text, features), gan_tensor_text(other, output), (long long)dims);
    if (row < 0 || row > features->shape[0] - n)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "%s: row is %lld; features have %lld rows, of which an output %s takes %lld", call,
                        (long long)row, (long long)features->shape[0], gan_tensor_text(other, output), (long long)n);
    float *to = (float *)features->data + row * dims;
    const float *x = output->data;
    for (int64_t i = 0; i < n; i++) {
        if (options.pool)
            pool(to + i * dims, x + i * size, size / dims, dims);
        else
            memcpy(to + i * dims, x + i * size, (size_t)size * sizeof *x);
    }
    return GAN_OK;
}
