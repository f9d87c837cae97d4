/* SPDX-License-Identifier: BSD-2-Clause */
#include "optimizer/ema.h"
#include "session/session.h"

#include <gan/random.h>
#include <string.h>

/* Pictures that are made at a time. */
#define SAMPLE_BATCH 64

static gan_status check_sample(const gan_session *session, const char *call, const gan_tensor *latents,
                               const gan_tensor *labels, const gan_tensor *images)
{
    if (!session || !images)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s NULL", call, session ? "images are" : "session is");
    const gan_network *g = session->options.generator;
    const gan_shape *z = &g->inputs[0]->layer.output, *y = &g->outputs[0]->layer.output;
    char given[GAN_TENSOR_TEXT], wanted[GAN_SHAPE_TEXT];
    if (!gan_tensor_fits(images, y->rank, y->size))
        return gan_fail(GAN_ERROR_SHAPE, "%s: images are %s; they must be float [N,%s", call,
                        gan_tensor_text(given, images), gan_shape_text(wanted, y->rank, y->size) + 1);
    if (latents && (!gan_tensor_fits(latents, z->rank, z->size) || latents->shape[0] != images->shape[0]))
        return gan_fail(GAN_ERROR_SHAPE, "%s: latents are %s; they must be float [%lld,%s", call,
                        gan_tensor_text(given, latents), (long long)images->shape[0],
                        gan_shape_text(wanted, z->rank, z->size) + 1);
    return gan_session_check_labels(session, labels, images->shape[0], call);
}

/* A run of the network in *run, and what goes into it. */
static gan_status need_sample_memory(gan_session *session, gan_labelled_run *run, gan_network *network)
{
    gan_status status = GAN_OK;
    if (run->run) return GAN_OK;
    if (!session->sample_latents)
        status = gan_session_make_batch(&session->sample_latents, session->context, network->inputs[0], SAMPLE_BATCH);
    if (status == GAN_OK && session->labelled && !session->sample_labels)
        status = gan_tensor_create(&session->sample_labels, session->context, GAN_INT32, 1, (int64_t[]){SAMPLE_BATCH});
    return status == GAN_OK ? gan_labelled_run_create(run, network, GAN_INFERENCE, SAMPLE_BATCH, NULL) : status;
}

/* Items first.. of the caller's, as many as `part` has. */
static void copy_part(gan_tensor *part, const gan_tensor *all, int64_t first)
{
    size_t size = gan_tensor_bytes(part);
    memcpy(part->data, (const char *)all->data + (size_t)first * (size / (size_t)part->shape[0]), size);
}

static gan_status latents_for(gan_session *session, const gan_tensor *latents, int64_t first, int64_t count)
{
    gan_tensor *z = session->sample_latents;
    gan_status status = gan_tensor_set_batch(z, count);
    if (status == GAN_OK && !latents)
        return gan_random_normal(session->context, GAN_STREAM_SAMPLES, &session->sample_position, z, 0, 1);
    if (status == GAN_OK) copy_part(z, latents, first);
    return status;
}

static gan_status labels_for(gan_session *session, const gan_tensor *labels, int64_t first, int64_t count)
{
    gan_tensor *part = session->sample_labels;
    if (!part) return GAN_OK;
    gan_status status = gan_tensor_set_batch(part, count);
    if (status == GAN_OK && !labels)
        return gan_random_integers(session->context, GAN_STREAM_SAMPLE_LABELS, &session->sample_label_position, part, 0,
                                   session->options.classes);
    if (status == GAN_OK) copy_part(part, labels, first);
    return status;
}

/* Samples from a network of G's graph, by a run of its own. */
static gan_status sample(gan_session *session, gan_labelled_run *run, gan_network *network, const gan_tensor *latents,
                         const gan_tensor *labels, gan_tensor *images)
{
    gan_status status = need_sample_memory(session, run, network);
    for (int64_t first = 0; status == GAN_OK && first < images->shape[0]; first += SAMPLE_BATCH) {
        int64_t rest = images->shape[0] - first, count = rest < SAMPLE_BATCH ? rest : SAMPLE_BATCH;
        status = latents_for(session, latents, first, count);
        if (status == GAN_OK) status = labels_for(session, labels, first, count);
        if (status == GAN_OK) status = gan_labelled_run_forward(run, session->sample_latents, session->sample_labels);
        if (status != GAN_OK) return status;
        const gan_tensor *y = gan_run_output(run->run, 0);
        memcpy(gan_tensor_floats(images) + first * (gan_tensor_count(y) / count), y->data, gan_tensor_bytes(y));
    }
    return status;
}

static gan_status sample_from_generator(gan_session *session, const char *call, const gan_tensor *latents,
                                        const gan_tensor *labels, gan_tensor *images)
{
    gan_status status = check_sample(session, call, latents, labels, images);
    if (status != GAN_OK) return status;
    return sample(session, &session->sample, session->options.generator, latents, labels, images);
}

gan_status gan_session_sample(gan_session *session, const gan_tensor *latents, gan_tensor *images)
{
    return sample_from_generator(session, "gan_session_sample", latents, NULL, images);
}

gan_status gan_session_sample_labelled(gan_session *session, const gan_tensor *latents, const gan_tensor *labels,
                                       gan_tensor *images)
{
    return sample_from_generator(session, "gan_session_sample_labelled", latents, labels, images);
}

gan_status gan_session_sample_average(gan_session *session, const gan_tensor *latents, const gan_tensor *labels,
                                      gan_tensor *images)
{
    static const char call[] = "gan_session_sample_average";
    gan_status status = check_sample(session, call, latents, labels, images);
    if (status != GAN_OK) return status;
    if (!session->ema)
        return gan_fail(GAN_ERROR_STATE, "%s: the session has no average; gan_session_set_ema() gives it one", call);
    return sample(session, &session->average_sample, gan_ema_network(session->ema), latents, labels, images);
}

gan_status gan_session_set_ema(gan_session *session, gan_ema *ema)
{
    static const char call[] = "gan_session_set_ema";
    if (!session) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: session is NULL", call);
    if (ema && ema->network != session->options.generator)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: ema is of network \"%s\"; it must be of the generator, \"%s\"",
                        call, ema->network->name, session->options.generator->name);
    gan_ema *old = session->ema;
    session->ema = ema ? gan_ema_retain(ema) : NULL;
    gan_ema_free(&old);
    gan_labelled_run_free(&session->average_sample); /* of the old one */
    return GAN_OK;
}
