/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/random.h"
#include "tensor/tensor.h"

#include <gan/random.h>
#include <math.h>

static gan_status check(const char *call, const gan_context *context, uint32_t stream, const uint64_t *position,
                        const gan_tensor *tensor, gan_type type)
{
    if (!context || !position || !tensor)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s is NULL", call,
                        !context    ? "context"
                        : !position ? "position"
                                    : "tensor");
    if (stream == 0) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: stream is 0; it must be a gan_stream", call);
    if (tensor->type != type) {
        char text[GAN_TENSOR_TEXT];
        return gan_fail(GAN_ERROR_SHAPE, "%s: the tensor is %s; it must be %s", call, gan_tensor_text(text, tensor),
                        type == GAN_INT32 ? "int32" : "float");
    }
    return GAN_OK;
}

gan_status gan_random_normal(const gan_context *context, uint32_t stream, uint64_t *position, gan_tensor *tensor,
                             float mean, float deviation)
{
    gan_status status = check("gan_random_normal", context, stream, position, tensor, GAN_FLOAT32);
    if (status != GAN_OK) return status;
    if (!isfinite(mean) || !(deviation >= 0) || isinf(deviation))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "gan_random_normal: mean is %g and deviation %g; they must be finite, the "
                        "deviation not negative",
                        mean, deviation);
    gan_philox philox = {.seed = context->seed, .stream = stream};
    *position = gan_fill_normal(&philox, *position, tensor->data, (size_t)gan_tensor_count(tensor), mean, deviation);
    return GAN_OK;
}

gan_status gan_random_uniform(const gan_context *context, uint32_t stream, uint64_t *position, gan_tensor *tensor,
                              float low, float high)
{
    gan_status status = check("gan_random_uniform", context, stream, position, tensor, GAN_FLOAT32);
    if (status != GAN_OK) return status;
    if (!isfinite(low) || !isfinite(high) || high < low || isinf(high - low))
        return gan_fail(
            GAN_ERROR_INVALID_ARGUMENT,
            "gan_random_uniform: the bounds are %g and %g; they must be finite, also their distance, and in "
            "order",
            low, high);
    gan_philox philox = {.seed = context->seed, .stream = stream};
    *position = gan_fill_uniform(&philox, *position, tensor->data, (size_t)gan_tensor_count(tensor), low, high);
    return GAN_OK;
}

gan_status gan_random_integers(const gan_context *context, uint32_t stream, uint64_t *position, gan_tensor *tensor,
                               int32_t low, int32_t high)
{
    gan_status status = check("gan_random_integers", context, stream, position, tensor, GAN_INT32);
    if (status != GAN_OK) return status;
    if (high <= low)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "gan_random_integers: low is %d and high %d; high must be above low", (int)low, (int)high);
    gan_philox philox = {.seed = context->seed, .stream = stream};
    *position = gan_fill_integers(&philox, *position, tensor->data, (size_t)gan_tensor_count(tensor), low, high);
    return GAN_OK;
}
