/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/session.h"

#include <gan/random.h>
#include <string.h>

/* Pictures that are made at a time. */
#define SAMPLE_BATCH 64

static gan_status check_sample(const gan_session *session, const gan_tensor *latents, const gan_tensor *images)
{
    if (!session || !images)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_session_sample: %s NULL",
                        session ? "images are" : "session is");
    const gan_shape *z = &session->generator->inputs[0]->layer.output,
                    *y = &session->generator->outputs[0]->layer.output;
    char given[GAN_TENSOR_TEXT], wanted[GAN_SHAPE_TEXT];
    if (!gan_tensor_fits(images, y->rank, y->size))
        return gan_fail(GAN_ERROR_SHAPE, "gan_session_sample: images are %s; they must be float [N,%s",
                        gan_tensor_text(given, images), gan_shape_text(wanted, y->rank, y->size) + 1);
    if (latents && (!gan_tensor_fits(latents, z->rank, z->size) || latents->shape[0] != images->shape[0]))
        return gan_fail(GAN_ERROR_SHAPE, "gan_session_sample: latents are %s; they must be float [%lld,%s",
                        gan_tensor_text(given, latents), (long long)images->shape[0],
                        gan_shape_text(wanted, z->rank, z->size) + 1);
    return GAN_OK;
}

static gan_status need_sample_memory(gan_session *session)
{
    if (session->sample_run) return GAN_OK;
    gan_status status = GAN_OK;
    if (!session->sample_latents)
        status = gan_session_make_batch(&session->sample_latents, session->context, session->generator->inputs[0],
                                        SAMPLE_BATCH);
    if (status == GAN_OK)
        status = gan_run_create(&session->sample_run, session->generator, GAN_INFERENCE, SAMPLE_BATCH);
    return status;
}

/* Pictures first..first+count-1, at most SAMPLE_BATCH of them. */
static gan_status sample_some(gan_session *session, const gan_tensor *latents, gan_tensor *images, int64_t first,
                              int64_t count)
{
    gan_tensor *z = session->sample_latents;
    gan_status status = gan_tensor_set_batch(z, count);
    if (status == GAN_OK && !latents)
        status = gan_random_normal(session->context, GAN_STREAM_SAMPLES, &session->sample_position, z, 0, 1);
    else if (status == GAN_OK)
        memcpy(z->data, gan_tensor_floats(latents) + first * (gan_tensor_count(z) / count), gan_tensor_bytes(z));
    if (status == GAN_OK) status = gan_run_forward(session->sample_run, z);
    if (status != GAN_OK) return status;
    const gan_tensor *y = gan_run_output(session->sample_run, 0);
    memcpy(gan_tensor_floats(images) + first * (gan_tensor_count(y) / count), y->data, gan_tensor_bytes(y));
    return GAN_OK;
}

gan_status gan_session_sample(gan_session *session, const gan_tensor *latents, gan_tensor *images)
{
    gan_status status = check_sample(session, latents, images);
    if (status == GAN_OK) status = need_sample_memory(session);
    for (int64_t first = 0; status == GAN_OK && first < images->shape[0]; first += SAMPLE_BATCH) {
        int64_t rest = images->shape[0] - first;
        status = sample_some(session, latents, images, first, rest < SAMPLE_BATCH ? rest : SAMPLE_BATCH);
    }
    return status;
}
