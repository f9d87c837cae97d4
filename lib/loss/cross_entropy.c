/* SPDX-License-Identifier: BSD-2-Clause */
#include "loss/loss.h"

#include <math.h>

static const char call[] = "gan_loss_cross_entropy";

gan_status gan_labels_check(const gan_tensor *labels, int64_t classes, const char *caller)
{
    const int32_t *label = labels->data;
    for (int64_t i = 0; i < gan_tensor_count(labels); i++)
        if (label[i] < 0 || label[i] >= classes)
            return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: labels[%lld] is %d; it must be 0 to %lld", caller,
                            (long long)i, (int)label[i], (long long)classes - 1);
    return GAN_OK;
}

static gan_status check(const gan_tensor *gradient, const gan_tensor *logits, const gan_tensor *labels, float weight)
{
    char given[GAN_TENSOR_TEXT], wanted[GAN_TENSOR_TEXT];
    if (!logits || !labels)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s are NULL", call, logits ? "labels" : "logits");
    if (!isfinite(weight))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: weight is %g; it must be finite", call, weight);
    if (logits->type != GAN_FLOAT32 || logits->rank < 2)
        return gan_fail(GAN_ERROR_SHAPE, "%s: logits are %s; they must be float [N,K]", call,
                        gan_tensor_text(given, logits));
    if (gradient &&
        (!gan_tensor_fits(gradient, logits->rank - 1, logits->shape + 1) || gradient->shape[0] != logits->shape[0]))
        return gan_fail(GAN_ERROR_SHAPE, "%s: gradient is %s; it must be as the logits, %s", call,
                        gan_tensor_text(given, gradient), gan_tensor_text(wanted, logits));
    if (labels->type != GAN_INT32 || labels->rank != 1 || labels->shape[0] != logits->shape[0])
        return gan_fail(GAN_ERROR_SHAPE, "%s: labels are %s; they must be int32 [%lld]", call,
                        gan_tensor_text(given, labels), (long long)logits->shape[0]);
    return gan_labels_check(labels, gan_tensor_count(logits) / logits->shape[0], call);
}

/* One sample: log sum exp(x) - x[label], about the largest logit so that no exponential grows large. */
static double sample_loss(const float *x, float *gradient, int64_t classes, int32_t label, double scale)
{
    double largest = x[0], sum = 0;
    for (int64_t k = 1; k < classes; k++)
        if (x[k] > largest) largest = x[k];
    for (int64_t k = 0; k < classes; k++) sum += exp(x[k] - largest);
    for (int64_t k = 0; gradient && k < classes; k++)
        gradient[k] += (float)(scale * (exp(x[k] - largest) / sum - (k == label)));
    return largest - x[label] + log(sum);
}

gan_status gan_loss_cross_entropy(float *loss, gan_tensor *gradient, const gan_tensor *logits, const gan_tensor *labels,
                                  float weight)
{
    gan_status status = check(gradient, logits, labels, weight);
    if (status != GAN_OK) return status;
    int64_t batch = logits->shape[0], classes = gan_tensor_count(logits) / batch;
    const float *x = logits->data;
    const int32_t *label = labels->data;
    float *dx = gradient ? gradient->data : NULL;
    double sum = 0;
    for (int64_t i = 0; i < batch; i++)
        sum += sample_loss(x + i * classes, dx ? dx + i * classes : NULL, classes, label[i], weight / (double)batch);
    if (loss) *loss = (float)(weight * sum / (double)batch);
    return GAN_OK;
}
