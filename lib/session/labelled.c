/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/run.h"
#include "session/session.h"

#include <string.h>

gan_status gan_labelled_run_create(gan_labelled_run *made, gan_network *network, gan_mode mode, int64_t batch,
                                   const gan_labelled_run *beside)
{
    gan_status status = GAN_OK;
    if (network->input_count > 1)
        status = gan_session_make_batch(&made->labels, network->context, network->inputs[1], batch);
    if (status == GAN_OK) status = gan_run_create_beside(&made->run, network, mode, batch, beside ? beside->run : NULL);
    if (status != GAN_OK) gan_labelled_run_free(made);
    return status;
}

void gan_labelled_run_free(gan_labelled_run *run)
{
    gan_run_free(&run->run);
    gan_tensor_free(&run->labels);
}

/* [N, 1]: the numbers of the classes. [N, classes]: a one in the class's place of each row of zeros. */
static void encode(gan_tensor *encoded, const gan_tensor *labels)
{
    int64_t width = encoded->shape[1];
    float *row = encoded->data;
    const int32_t *label = labels->data;
    if (width > 1) memset(row, 0, gan_tensor_bytes(encoded));
    for (int64_t i = 0; i < labels->shape[0]; i++, row += width)
        if (width > 1)
            row[label[i]] = 1;
        else
            row[0] = (float)label[i];
}

gan_status gan_labelled_run_forward(gan_labelled_run *run, const gan_tensor *input, const gan_tensor *labels)
{
    if (!run->labels) return gan_run_forward(run->run, input);
    gan_status status = gan_tensor_set_batch(run->labels, labels->shape[0]);
    if (status != GAN_OK) return status;
    encode(run->labels, labels);
    const gan_tensor *inputs[] = {input, run->labels};
    return gan_run_forward_all(run->run, inputs, 2);
}

gan_status gan_session_check_labels(const gan_session *session, const gan_tensor *labels, int64_t batch,
                                    const char *call)
{
    char given[GAN_TENSOR_TEXT];
    if (!labels) return GAN_OK;
    if (!session->labelled)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: labels were given, and the generator takes none", call);
    if (labels->type != GAN_INT32 || labels->rank != 1 || labels->shape[0] != batch)
        return gan_fail(GAN_ERROR_SHAPE, "%s: labels are %s; they must be int32 [%lld]", call,
                        gan_tensor_text(given, labels), (long long)batch);
    return gan_labels_check(labels, session->options.classes, call);
}
