/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/run.h"
#include "session/session.h"

#include <string.h>

/* The report as far as the caller knows it; NULL is none. Nobody has moved yet. */
static gan_status read_report(gan_session_report *report, const gan_session_report *given)
{
    *report = (gan_session_report){.size = sizeof *report};
    if (!given) return GAN_OK;
    if (given->size < sizeof given->size || given->size > 65536)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                        "gan_session_report.size is %zu; it must be sizeof(gan_session_report), here %zu", given->size,
                        sizeof *report);
    memcpy(report, given, given->size < sizeof *report ? given->size : sizeof *report);
    report->generator_stepped = report->discriminator_stepped = false;
    return GAN_OK;
}

static void write_report(gan_session_report *given, const gan_session_report *report)
{
    if (!given) return;
    size_t size = given->size;
    memcpy(given, report, size < sizeof *report ? size : sizeof *report);
    given->size = size;
}

static gan_status check_real(const gan_session *session, const gan_tensor *real)
{
    const gan_shape *shape = &session->options.discriminator->inputs[0]->layer.output;
    char given[GAN_TENSOR_TEXT], wanted[GAN_SHAPE_TEXT];
    if (!real) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: real is NULL", session->call);
    if (!gan_tensor_fits(real, shape->rank, shape->size))
        return gan_fail(GAN_ERROR_SHAPE, "%s: real is %s; it must be float [N,%s", session->call,
                        gan_tensor_text(given, real), gan_shape_text(wanted, shape->rank, shape->size) + 1);
    if (session->round.batches > 0 && real->shape[0] != session->memory.batches[0].latents->shape[0])
        return gan_fail(GAN_ERROR_SHAPE,
                        "%s: real is %s; the batches that are accumulated are of one size, here %lld after %d of %d",
                        session->call, gan_tensor_text(given, real),
                        (long long)session->memory.batches[0].latents->shape[0], session->round.batches,
                        session->options.accumulate);
    return GAN_OK;
}

static gan_status check_batch(const gan_session *session, const gan_tensor *real, const gan_tensor *labels)
{
    gan_status status = check_real(session, real);
    if (status == GAN_OK) status = gan_session_check_labels(session, labels, real->shape[0], session->call);
    if (status == GAN_OK && session->labelled && !labels)
        status = gan_fail(GAN_ERROR_INVALID_ARGUMENT,
                          "%s: labels are NULL; the generator takes labels, and calls that end in _labelled give them",
                          session->call);
    return status;
}

/* Takes the caller's batch over as the next one of the round: the labels by value, the pictures by reference, or by
 * value where they will be looked at when the caller has them back. */
static gan_status take_batch(gan_session *session, const gan_tensor *real, const gan_tensor *labels)
{
    gan_status status = check_batch(session, real, labels);
    if (status == GAN_OK) status = gan_session_need_memory(session, real->shape[0]);
    if (status != GAN_OK) return status;
    session->round.at = session->round.batches;
    session->round.lessons = session->round.batches > 0 ? session->round.lessons : 0;
    session->round.complete = false;
    gan_session_batch *batch = gan_session_at_work(session);
    gan_tensor *tensors[] = {batch->latents, batch->real_labels, batch->fake_labels, batch->copy,
                             session->memory.points};
    for (int i = 0; status == GAN_OK && i < 5; i++)
        if (tensors[i]) status = gan_tensor_set_batch(tensors[i], real->shape[0]);
    if (status == GAN_OK && labels) status = gan_tensor_copy(batch->real_labels, labels);
    if (status == GAN_OK && batch->copy) status = gan_tensor_copy(batch->copy, real);
    gan_tensor *old = batch->real;
    batch->real = gan_tensor_retain(batch->copy ? batch->copy : (gan_tensor *)real); /* only the count changes */
    gan_tensor_free(&old);
    return status;
}

/* Lets go of the caller's pictures, unless a G step is still to look at them. */
static void release_batches(gan_session *session)
{
    gan_session_batch *batches = session->memory.batches;
    bool g_looks = session->options.scheme == GAN_SCHEME_ALTERNATING && gan_session_generator_reads_real(session);
    if (batches[0].copy || (g_looks && session->round.complete)) return;
    gan_run_forget_inputs(session->memory.d_real.run);
    for (int i = 0; i < session->options.accumulate; i++) gan_tensor_free(&batches[i].real);
}

/* Generates, and lets D learn to tell: up to its gradients. */
static gan_status discriminate(gan_session *session, gan_session_report *report)
{
    gan_status status = gan_session_generate(session);
    if (status == GAN_OK) status = gan_session_see_real(session);
    if (status == GAN_OK) status = gan_session_see_fake(session);
    if (status == GAN_OK) status = gan_session_discriminator_gradients(session, report);
    if (status == GAN_OK) session->round.batches++;
    return status;
}

static gan_status move_discriminator(gan_session *session, gan_session_report *report)
{
    const gan_player d = gan_discriminator_player(session);
    gan_status status = gan_session_move(session, &d);
    if (status != GAN_OK) return status;
    report->discriminator_stepped = true;
    report->step = ++session->steps;
    session->since_g_step++;
    return GAN_OK;
}

static gan_status move_generator(gan_session *session, gan_session_report *report)
{
    int64_t images = session->options.accumulate * gan_session_at_work(session)->latents->shape[0];
    const gan_player g = gan_generator_player(session);
    gan_status status = gan_session_move(session, &g);
    if (status != GAN_OK) return status;
    report->generator_stepped = true;
    session->since_g_step = 0;
    return session->ema ? gan_ema_update(session->ema, images) : GAN_OK;
}

/* The players who have learnt move by the mean of what the round's batches taught them, both or none. */
static gan_status end_round(gan_session *session, gan_session_report *report)
{
    const gan_player d = gan_discriminator_player(session), g = gan_generator_player(session);
    int batches = session->round.batches, lessons = session->round.lessons;
    gan_status status = gan_session_prepare(session, &d, batches, &report->d_gradient_norm);
    if (status == GAN_OK && lessons > 0) status = gan_session_prepare(session, &g, lessons, &report->g_gradient_norm);
    if (status == GAN_OK) status = move_discriminator(session, report);
    if (status == GAN_OK && lessons > 0) status = move_generator(session, report);
    session->round.complete = status == GAN_OK;
    return status;
}

/* D learns from one batch; together: so does G, from what the same D says. The last batch of the round ends it, as does
 * a failure. */
static gan_status learn(gan_session *session, gan_session_report *report, bool together)
{
    gan_status status = discriminate(session, report);
    bool last = session->round.batches == session->options.accumulate;
    if (status == GAN_OK && together) status = gan_session_generator_gradients(session, report);
    if (status == GAN_OK && last) status = end_round(session, report);
    if (status == GAN_OK) status = gan_session_adapt(session); /* no backward pass of this look is still to come */
    if (status != GAN_OK || last) session->round.batches = 0;
    return status;
}

/* G learns from what D says now of the round's batches; the last one's pictures are still there, so that it comes
 * first. The report tells of the mean. */
static gan_status generator_step(gan_session *session, gan_session_report *report)
{
    const gan_player g = gan_generator_player(session);
    int count = session->options.accumulate;
    float loss = 0, classifier = 0, features = 0;
    gan_status status = GAN_OK;
    session->round.lessons = 0;
    for (int i = 0; status == GAN_OK && i < count; i++) {
        session->round.at = (count - 1 + i) % count;
        status = gan_session_generate_again(session);
        if (status == GAN_OK && gan_session_generator_reads_real(session)) status = gan_session_see_real(session);
        if (status == GAN_OK) status = gan_session_see_fake(session);
        if (status == GAN_OK) status = gan_session_generator_gradients(session, report);
        loss += report->g_loss / (float)count;
        classifier += report->g_classifier_loss / (float)count;
        features += report->feature_loss / (float)count;
    }
    if (status != GAN_OK) return status;
    report->g_loss = loss;
    report->g_classifier_loss = classifier;
    report->feature_loss = features;
    status = gan_session_prepare(session, &g, count, &report->g_gradient_norm);
    return status == GAN_OK ? move_generator(session, report) : status;
}

/* A step on the caller's batch; both: G's turn comes when it is due. */
static gan_status play(gan_session *session, gan_session_report *report, bool both)
{
    const gan_session_options *o = &session->options;
    uint64_t every = (uint64_t)o->discriminator_steps;
    bool together = both && o->scheme == GAN_SCHEME_SIMULTANEOUS && session->since_g_step + 1 >= every;
    gan_status status = learn(session, report, together);
    if (status != GAN_OK || !both || o->scheme == GAN_SCHEME_SIMULTANEOUS) return status;
    return session->round.complete && session->since_g_step >= every ? generator_step(session, report) : GAN_OK;
}

/* What all public steps begin with. */
static gan_status begin(gan_session *session, const char *call, gan_session_report *report,
                        const gan_session_report *given)
{
    if (!session) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: session is NULL", call);
    session->call = call;
    session->reports = given != NULL;
    return read_report(report, given);
}

static gan_status step(gan_session *session, const char *call, const gan_tensor *real, const gan_tensor *labels,
                       gan_session_report *given, bool both)
{
    gan_session_report report;
    gan_status status = begin(session, call, &report, given);
    if (status != GAN_OK) return status;
    status = take_batch(session, real, labels);
    if (status != GAN_OK) {
        session->round.batches = 0;
        return status;
    }
    session->number = session->steps + 1;
    status = play(session, &report, both);
    release_batches(session);
    write_report(given, &report); /* of what was done, also when the rest failed */
    return status;
}

gan_status gan_session_step(gan_session *session, const gan_tensor *real, gan_session_report *report)
{
    return step(session, "gan_session_step", real, NULL, report, true);
}

gan_status gan_session_step_labelled(gan_session *session, const gan_tensor *real, const gan_tensor *labels,
                                     gan_session_report *report)
{
    return step(session, "gan_session_step_labelled", real, labels, report, true);
}

gan_status gan_session_discriminator_step(gan_session *session, const gan_tensor *real, gan_session_report *report)
{
    return step(session, "gan_session_discriminator_step", real, NULL, report, false);
}

gan_status gan_session_discriminator_step_labelled(gan_session *session, const gan_tensor *real,
                                                   const gan_tensor *labels, gan_session_report *report)
{
    return step(session, "gan_session_discriminator_step_labelled", real, labels, report, false);
}

static gan_status check_generator_step(const gan_session *session)
{
    if (session->options.scheme == GAN_SCHEME_SIMULTANEOUS)
        return gan_fail(GAN_ERROR_STATE, "%s: in the simultaneous scheme G has no step of its own", session->call);
    if (session->round.complete) return GAN_OK;
    if (session->round.batches > 0)
        return gan_fail(GAN_ERROR_STATE, "%s: the discriminator has %d of the %d batches of its step", session->call,
                        session->round.batches, session->options.accumulate);
    return gan_fail(GAN_ERROR_STATE, "%s: there was no discriminator step yet, or the last one failed", session->call);
}

gan_status gan_session_generator_step(gan_session *session, gan_session_report *given)
{
    gan_session_report report;
    gan_status status = begin(session, "gan_session_generator_step", &report, given);
    if (status == GAN_OK) status = check_generator_step(session);
    if (status != GAN_OK) return status;
    session->number = session->steps;
    status = generator_step(session, &report);
    write_report(given, &report);
    return status;
}
