/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/session.h"

#include <math.h>

/* The mean logit of a run, and the mean probability. */
static void describe(gan_run *run, float *mean_logit, float *mean_probability)
{
    const gan_tensor *logits = gan_run_output(run, 0);
    const float *x = gan_tensor_floats(logits);
    int64_t count = gan_tensor_count(logits);
    double logit = 0, probability = 0;
    for (int64_t i = 0; i < count; i++) {
        logit += x[i];
        probability += 1 / (1 + exp(-(double)x[i]));
    }
    *mean_logit = (float)(logit / (double)count);
    *mean_probability = (float)(probability / (double)count);
}

/* The auxiliary classifier learns the classes of real and of generated pictures. */
static gan_status classifier_loss(gan_session *session, gan_session_report *report)
{
    int output = session->options.classifier_output;
    const struct {
        gan_run *run;
        const gan_tensor *labels;
    } halves[] = {{session->memory.d_real.run, gan_session_at_work(session)->real_labels},
                  {session->memory.d_fake.run, gan_session_at_work(session)->fake_labels}};
    gan_status status = GAN_OK;
    report->d_classifier_loss = 0;
    for (int i = 0; status == GAN_OK && i < 2 && session->options.classifier_weight > 0; i++) {
        float loss = 0;
        status = gan_loss_cross_entropy(&loss, gan_run_output_gradient(halves[i].run, output),
                                        gan_run_output(halves[i].run, output), halves[i].labels,
                                        session->options.classifier_weight);
        report->d_classifier_loss += loss;
    }
    return status;
}

gan_status gan_session_discriminator_gradients(gan_session *session, gan_session_report *report)
{
    const gan_session_options *o = &session->options;
    gan_run *real = session->memory.d_real.run, *fake = session->memory.d_fake.run;
    gan_status status = gan_adversarial_loss_discriminator(&session->loss, &report->d_loss, real, fake,
                                                           1 - o->smoothing, o->fake_smoothing);
    if (status == GAN_OK) status = classifier_loss(session, report);
    if (status != GAN_OK) return status;
    report->d_loss += report->d_classifier_loss;
    if (session->reports) {
        describe(real, &report->d_real_logit, &report->d_real);
        describe(fake, &report->d_fake_logit, &report->d_fake);
    }
    status = gan_session_check_finite(session, report->d_loss, "the loss", "discriminator");
    if (status == GAN_OK && session->round.batches == 0) status = gan_network_zero_gradients(o->discriminator);
    if (status == GAN_OK) status = gan_run_backward(real, NULL, GAN_WANT_PARAMETERS);
    if (status == GAN_OK) status = gan_run_backward(fake, NULL, GAN_WANT_PARAMETERS);
    return status == GAN_OK ? gan_session_penalize(session, report) : status;
}
