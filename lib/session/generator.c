/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/session.h"

#include <gan/random.h>
#include <string.h>

static gan_status draw_labels(gan_session *session)
{
    if (!session->labelled) return GAN_OK;
    if (session->options.fake_labels == GAN_FAKE_LABELS_REAL)
        return gan_tensor_copy(session->fake_labels, session->real_labels);
    return gan_random_integers(session->context, GAN_STREAM_LABELS, &session->label_position, session->fake_labels, 0,
                               session->options.classes);
}

gan_status gan_session_generate(gan_session *session)
{
    gan_status status =
        gan_random_normal(session->context, GAN_STREAM_LATENTS, &session->latent_position, session->latents, 0, 1);
    if (status == GAN_OK) status = draw_labels(session);
    if (status == GAN_OK) status = gan_labelled_run_forward(&session->g, session->latents, session->fake_labels);
    return status;
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
    gan_run *fake = session->d_fake.run;
    int output = session->options.classifier_output;
    report->g_classifier_loss = 0;
    if (!(session->options.classifier_weight > 0)) return GAN_OK;
    return gan_loss_cross_entropy(&report->g_classifier_loss, gan_run_output_gradient(fake, output),
                                  gan_run_output(fake, output), session->fake_labels,
                                  session->options.classifier_weight);
}

static gan_status feature_loss(gan_session *session, gan_session_report *report)
{
    gan_run *fake = session->d_fake.run;
    int output = session->options.feature_output;
    report->feature_loss = 0;
    if (!(session->options.feature_weight > 0)) return GAN_OK;
    return gan_loss_feature_matching(&report->feature_loss, gan_run_output_gradient(fake, output),
                                     gan_run_output(fake, output), gan_run_output(session->d_real.run, output),
                                     session->options.feature_weight);
}

/* The sum of all that G minimizes; its gradients go to the outputs of d_fake. */
static gan_status losses(gan_session *session, gan_session_report *report)
{
    gan_status status = GAN_OK;
    clear_output_gradients(session->d_fake.run);
    report->g_loss = 0;
    if (!session->options.features_only)
        status =
            gan_adversarial_loss_generator(&session->loss, &report->g_loss, session->d_real.run, session->d_fake.run);
    if (status == GAN_OK) status = classifier_loss(session, report);
    if (status == GAN_OK) status = feature_loss(session, report);
    if (status != GAN_OK) return status;
    report->g_loss += report->g_classifier_loss;
    report->g_loss += report->feature_loss;
    return gan_session_check_finite(report->g_loss, "generator");
}

gan_status gan_session_generator_gradients(gan_session *session, gan_session_report *report)
{
    gan_status status = losses(session, report);
    if (status == GAN_OK) status = gan_run_backward(session->d_fake.run, NULL, GAN_WANT_INPUTS);
    if (status == GAN_OK) status = gan_network_zero_gradients(session->options.generator);
    if (status == GAN_OK)
        status = gan_run_backward(session->g.run, gan_session_fake_gradient(session), GAN_WANT_PARAMETERS);
    return status;
}

gan_status gan_session_update_generator(gan_session *session, gan_session_report *report)
{
    report->g_gradient_norm = gan_network_gradient_norm(session->options.generator);
    gan_status status = gan_session_move(session, session->options.generator_optimizer);
    if (status != GAN_OK) return status;
    report->generator_stepped = true;
    session->since_g_step = 0;
    return GAN_OK;
}
