/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/session.h"

#include <string.h>

gan_status gan_session_make_batch(gan_tensor **tensor, gan_context *context, const gan_node *node, int64_t batch)
{
    int64_t shape[GAN_MAX_RANK];
    shape[0] = batch;
    memcpy(shape + 1, node->layer.output.size, (size_t)node->layer.output.rank * sizeof *shape);
    return gan_tensor_create(tensor, context, GAN_FLOAT32, node->layer.output.rank + 1, shape);
}

static void free_batch(gan_session_batch *batch)
{
    gan_tensor_free(&batch->fake_labels);
    gan_tensor_free(&batch->real_labels);
    gan_tensor_free(&batch->latents);
    gan_tensor_free(&batch->real);
    gan_tensor_free(&batch->copy);
}

static void free_memory(const gan_session *session, gan_session_memory *memory)
{
    gan_tensor_free(&memory->shown_fake);
    gan_tensor_free(&memory->shown_real);
    gan_tensor_free(&memory->points);
    gan_labelled_run_free(&memory->d_points);
    gan_labelled_run_free(&memory->d_fake);
    gan_labelled_run_free(&memory->d_real);
    gan_labelled_run_free(&memory->g);
    for (int i = 0; memory->batches && i < session->options.accumulate; i++) free_batch(&memory->batches[i]);
    gan_context_release(session->context, memory->batches);
    *memory = (gan_session_memory){.capacity = 0};
}

static gan_status make_batch(const gan_session *session, gan_session_batch *batch, int64_t size)
{
    const gan_session_options *o = &session->options;
    bool copies = o->accumulate > 1 && o->scheme == GAN_SCHEME_ALTERNATING && gan_session_generator_reads_real(session);
    gan_status status = gan_session_make_batch(&batch->latents, session->context, o->generator->inputs[0], size);
    if (status == GAN_OK && copies)
        status = gan_session_make_batch(&batch->copy, session->context, o->discriminator->inputs[0], size);
    if (status == GAN_OK && session->labelled)
        status = gan_tensor_create(&batch->real_labels, session->context, GAN_INT32, 1, &size);
    if (status == GAN_OK && session->labelled)
        status = gan_tensor_create(&batch->fake_labels, session->context, GAN_INT32, 1, &size);
    return status;
}

/* A run of D has memory for tangents where a penalty looks, and only there: it takes more. The passes of a step take
 * turns: those after the first, which needs most more often than not, work in its memory. */
static gan_status make_runs(const gan_session *session, gan_session_memory *memory)
{
    gan_network *g = session->options.generator, *d = session->options.discriminator;
    unsigned with_tangents = gan_session_penalty_runs(session);
    const struct {
        gan_labelled_run *run;
        gan_network *network;
        unsigned tangents;
    } runs[] = {{&memory->d_real, d, GAN_PENALTY_AT_REAL},
                {&memory->d_fake, d, GAN_PENALTY_AT_FAKE},
                {&memory->g, g, 0},
                {&memory->d_points, d, GAN_PENALTY_AT_POINTS}};
    bool points = with_tangents & GAN_PENALTY_AT_POINTS;
    gan_status status = GAN_OK;
    for (int i = 0; status == GAN_OK && i < 3 + points; i++) {
        gan_mode mode = runs[i].tangents & with_tangents ? GAN_TRAINING_TANGENTS : GAN_TRAINING;
        status = gan_labelled_run_create(runs[i].run, runs[i].network, mode, memory->capacity, i ? runs[0].run : NULL);
        if (status == GAN_OK) status = gan_run_set_profile(runs[i].run->run, session->profile);
    }
    return status;
}

/* Pictures that D looks at and nobody else has. */
static gan_status make_pictures(const gan_session *session, gan_session_memory *memory)
{
    const struct {
        gan_tensor **pictures;
        bool wanted;
    } all[] = {{&memory->points, memory->d_points.run != NULL},
               {&memory->shown_real, session->augment != NULL},
               {&memory->shown_fake, session->augment != NULL}};
    gan_status status = GAN_OK;
    for (int i = 0; status == GAN_OK && i < 3; i++)
        if (all[i].wanted)
            status = gan_session_make_batch(all[i].pictures, session->context,
                                            session->options.discriminator->inputs[0], memory->capacity);
    return status;
}

static gan_status make_memory(const gan_session *session, gan_session_memory *memory)
{
    int count = session->options.accumulate;
    memory->batches = gan_context_allocate(session->context, (size_t)count, sizeof *memory->batches, "a session");
    gan_status status = memory->batches ? GAN_OK : GAN_ERROR_OUT_OF_MEMORY;
    for (int i = 0; status == GAN_OK && i < count; i++)
        status = make_batch(session, &memory->batches[i], memory->capacity);
    if (status == GAN_OK) status = make_runs(session, memory);
    return status == GAN_OK ? make_pictures(session, memory) : status;
}

void gan_session_forget_memory(gan_session *session)
{
    free_memory(session, &session->memory);
    session->round = (gan_session_round){.generated = -1};
}

/* The new memory is there before the old one goes. */
gan_status gan_session_need_memory(gan_session *session, int64_t batch)
{
    if (batch <= session->memory.capacity) return GAN_OK;
    gan_session_memory made = {.capacity = batch};
    gan_status status = make_memory(session, &made);
    if (status != GAN_OK) {
        free_memory(session, &made);
        return status;
    }
    gan_session_forget_memory(session);
    session->memory = made;
    return GAN_OK;
}
