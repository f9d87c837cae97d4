/* SPDX-License-Identifier: BSD-2-Clause */
#include "metric/neighbours.h"

static gan_status check_output(const char *name, const gan_tensor *tensor, gan_type type, int64_t n, int64_t k)
{
    if (tensor->type == type && tensor->rank == 2 && tensor->shape[0] == n && tensor->shape[1] == k) return GAN_OK;
    char text[GAN_TENSOR_TEXT];
    return gan_fail(GAN_ERROR_SHAPE, "gan_metric_nearest: %s are %s; they must be %s [%lld,%lld]", name,
                    gan_tensor_text(text, tensor), type == GAN_INT32 ? "int32" : "float", (long long)n, (long long)k);
}

static gan_status check(gan_points points[2], const gan_tensor *indices, const gan_tensor *distances,
                        const gan_tensor *generated, const gan_tensor *training)
{
    static const char call[] = "gan_metric_nearest";
    if (!indices) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: indices are NULL", call);
    gan_status status = gan_points_read_both(points, call, training, generated, 1);
    if (status != GAN_OK) return status;
    int64_t n = points[1].count, k = gan_tensor_dimension(indices, 1);
    if (indices->rank != 2) k = 1; /* for the sentence */
    status = check_output("indices", indices, GAN_INT32, n, k);
    if (status == GAN_OK && distances) status = check_output("distances", distances, GAN_FLOAT32, n, k);
    if (status == GAN_OK && (k > points[0].count || k > GAN_MOST_NEIGHBOURS))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "%s: indices have %lld columns; there may be %d, and as many as training samples, %lld", call,
                        (long long)k, GAN_MOST_NEIGHBOURS, (long long)points[0].count);
    return status;
}

gan_status gan_metric_nearest(gan_tensor *indices, gan_tensor *distances, const gan_tensor *generated,
                              const gan_tensor *training)
{
    gan_points points[2];
    gan_status status = check(points, indices, distances, generated, training);
    if (status != GAN_OK) return status;
    gan_context *context = generated->context;
    size_t count = (size_t)gan_tensor_count(indices);
    double *squared = gan_context_allocate(context, count, sizeof *squared, "the nearest neighbours of features");
    int32_t *found = gan_context_allocate(context, count, sizeof *found, "the nearest neighbours of features");
    status = squared && found ? GAN_OK : GAN_ERROR_OUT_OF_MEMORY;
    for (int i = 0; status == GAN_OK && i < 2; i++) status = gan_points_measure(&points[i], context);
    if (status == GAN_OK)
        status = gan_nearest(context, &points[1], &points[0], false, indices->shape[1], squared, found);
    for (size_t i = 0; status == GAN_OK && i < count; i++) {
        ((int32_t *)indices->data)[i] = found[i];
        if (distances) ((float *)distances->data)[i] = (float)sqrt(squared[i]);
    }
    for (int i = 0; i < 2; i++) gan_context_release(context, points[i].squares);
    gan_context_release(context, found);
    gan_context_release(context, squared);
    return status;
}
