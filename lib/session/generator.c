/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/session.h"

#include <gan/random.h>
#include <string.h>

static gan_status draw_labels(gan_session *session, const gan_session_batch *batch)
{
    if (!session->labelled) return GAN_OK;
    if (session->options.fake_labels == GAN_FAKE_LABELS_REAL)
        return gan_tensor_copy(batch->fake_labels, batch->real_labels);
    return gan_random_integers(session->context, GAN_STREAM_LABELS, &session->label_position, batch->fake_labels, 0,
                               session->options.classes);
}

static gan_status forward(gan_session *session, const gan_session_batch *batch)
{
    session->round.generated = -1;
    gan_status status = gan_labelled_run_forward(&session->memory.g, batch->latents, batch->fake_labels);
    if (status != GAN_OK) return status;
    session->round.generated = session->round.at;
    session->round.generated_by = gan_optimizer_steps(session->options.generator_optimizer);
    return GAN_OK;
}

gan_status gan_session_generate(gan_session *session)
{
    const gan_session_batch *batch = gan_session_at_work(session);
    gan_status status =
        gan_random_normal(session->context, GAN_STREAM_LATENTS, &session->latent_position, batch->latents, 0, 1);
    if (status == GAN_OK) status = draw_labels(session, batch);
    return status == GAN_OK ? forward(session, batch) : status;
}

gan_status gan_session_generate_again(gan_session *session)
{
    bool there = session->round.generated == session->round.at &&
                 session->round.generated_by == gan_optimizer_steps(session->options.generator_optimizer);
    return there ? GAN_OK : forward(session, gan_session_at_work(session));
}

bool gan_session_generator_reads_real(const gan_session *session)
{
    bool adversarial = !session->options.features_only && (session->loss.flags & GAN_LOSS_READS_REAL);
    return adversarial || session->options.feature_weight > 0;
}

/* D's loss may have left gradients here. */
static void clear_output_gradients(gan_run *run)
{
    for (int i = 0; gan_run_output_gradient(run, i); i++) {
        gan_tensor *gradient = gan_run_output_gradient(run, i);
        memset(gan_tensor_data(gradient), 0, gan_tensor_bytes(gradient));
    }
}

static gan_status classifier_loss(gan_session *session, gan_session_report *report)
{
    gan_run *fake = session->memory.d_fake.run;
    int output = session->options.classifier_output;
    report->g_classifier_loss = 0;
    if (!(session->options.classifier_weight > 0)) return GAN_OK;
    return gan_loss_cross_entropy(&report->g_classifier_loss, gan_run_output_gradient(fake, output),
                                  gan_run_output(fake, output), gan_session_at_work(session)->fake_labels,
                                  session->options.classifier_weight);
}

static gan_status feature_loss(gan_session *session, gan_session_report *report)
{
    gan_run *fake = session->memory.d_fake.run;
    int output = session->options.feature_output;
    report->feature_loss = 0;
    if (!(session->options.feature_weight > 0)) return GAN_OK;
    return gan_loss_feature_matching(&report->feature_loss, gan_run_output_gradient(fake, output),
                                     gan_run_output(fake, output), gan_run_output(session->memory.d_real.run, output),
                                     session->options.feature_weight);
}

/* The sum of all that G minimizes; its gradients go to the outputs of d_fake. */
static gan_status losses(gan_session *session, gan_session_report *report)
{
    gan_status status = GAN_OK;
    clear_output_gradients(session->memory.d_fake.run);
    report->g_loss = 0;
    if (!session->options.features_only)
        status = gan_adversarial_loss_generator(&session->loss, &report->g_loss, session->memory.d_real.run,
                                                session->memory.d_fake.run);
    if (status == GAN_OK) status = classifier_loss(session, report);
    if (status == GAN_OK) status = feature_loss(session, report);
    if (status != GAN_OK) return status;
    report->g_loss += report->g_classifier_loss;
    report->g_loss += report->feature_loss;
    return gan_session_check_finite(session, report->g_loss, "the loss", "generator");
}

gan_status gan_session_generator_gradients(gan_session *session, gan_session_report *report)
{
    gan_status status = losses(session, report);
    if (status == GAN_OK) status = gan_run_backward(session->memory.d_fake.run, NULL, GAN_WANT_INPUTS);
    if (status == GAN_OK && session->round.lessons == 0)
        status = gan_network_zero_gradients(session->options.generator);
    const gan_tensor *gradient = NULL;
    if (status == GAN_OK) status = gan_session_fake_gradient(session, &gradient);
    if (status == GAN_OK) status = gan_run_backward(session->memory.g.run, gradient, GAN_WANT_PARAMETERS);
    if (status == GAN_OK) session->round.lessons++;
    return status;
}
