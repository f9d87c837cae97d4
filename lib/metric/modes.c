/* SPDX-License-Identifier: BSD-2-Clause */
#include "metric/metric.h"

#include <gan/dataset.h>

static const gan_field fields[] = {
    {"modes", GAN_FIELD_INT64, 0, offsetof(gan_metric_modes_options, modes), 1, 1 << 24, GAN_SYNTHETIC_MODES},
    {"limit", GAN_FIELD_FLOAT, GAN_FIELD_OPEN_LOW, offsetof(gan_metric_modes_options, limit), 0, HUGE_VAL, 0},
    GAN_FIELD_RESERVED(gan_metric_modes_options),
};

static gan_status check(const gan_tensor *modes, const gan_tensor *distances, const gan_metric_modes_options *options)
{
    static const char call[] = "gan_metric_modes";
    char text[GAN_TENSOR_TEXT];
    if (!modes) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: modes are NULL", call);
    if (modes->type != GAN_INT32 || modes->rank != 1)
        return gan_fail(GAN_ERROR_SHAPE, "%s: modes are %s; they must be int32 [n]", call,
                        gan_tensor_text(text, modes));
    if (distances && (distances->type != GAN_FLOAT32 || distances->rank != 1 || distances->shape[0] != modes->shape[0]))
        return gan_fail(GAN_ERROR_SHAPE, "%s: distances are %s; they must be float [%lld]", call,
                        gan_tensor_text(text, distances), (long long)modes->shape[0]);
    if (options->limit > 0 && !distances)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: distances are NULL; gan_metric_modes_options.limit needs them",
                        call);
    for (int64_t i = 0; i < modes->shape[0]; i++) {
        int32_t mode = ((const int32_t *)modes->data)[i];
        if (mode < 0 || mode >= options->modes)
            return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: mode %lld is %d; it must be 0 to %lld", call, (long long)i,
                            (int)mode, (long long)options->modes - 1);
        if (distances && isnan(((const float *)distances->data)[i]))
            return gan_fail(GAN_ERROR_NUMERIC, "%s: row %lld of distances is NaN", call, (long long)i);
    }
    return GAN_OK;
}

gan_status gan_metric_modes(gan_metric_modes_result *result, const gan_tensor *modes, const gan_tensor *distances,
                            const gan_metric_modes_options *given)
{
    gan_metric_modes_result found = {.divergence = NAN};
    gan_metric_modes_options options;
    gan_status status = gan_result_check("gan_metric_modes", result, "gan_metric_modes_result", sizeof found);
    if (status == GAN_OK)
        status = gan_options_read(&options, sizeof options, given, "gan_metric_modes_options", fields,
                                  GAN_FIELD_COUNT(fields));
    if (status == GAN_OK) status = check(modes, distances, &options);
    if (status != GAN_OK) return status;
    gan_context *context = modes->context;
    int64_t *histogram =
        gan_context_allocate(context, (size_t)options.modes, sizeof *histogram, "a histogram of modes");
    if (!histogram) return GAN_ERROR_OUT_OF_MEMORY;
    for (int64_t i = 0; i < modes->shape[0]; i++) {
        if (options.limit > 0 && ((const float *)distances->data)[i] > options.limit) continue;
        histogram[((const int32_t *)modes->data)[i]]++;
        found.counted++;
    }
    if (found.counted > 0) found.divergence = 0;
    for (int64_t k = 0; k < options.modes; k++) {
        double p = (double)histogram[k] / (double)found.counted;
        if (histogram[k] == 0) continue;
        found.covered++;
        found.divergence += p * log(p * (double)options.modes);
    }
    gan_context_release(context, histogram);
    gan_result_write(result, &found, sizeof found);
    return GAN_OK;
}
