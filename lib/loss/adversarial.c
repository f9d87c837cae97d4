/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/options.h"
#include "loss/loss.h"

/* Adversarial losses on runs of D, whoever wrote the loss. */

gan_status gan_adversarial_loss_read(gan_adversarial_loss *loss, const gan_adversarial_loss *given, const char *what)
{
    if (!given) given = gan_loss_non_saturating();
    gan_status status = gan_options_read(loss, sizeof *loss, given, what, NULL, 0);
    if (status != GAN_OK) return status;
    if (!loss->discriminator || !loss->generator)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s.%s is NULL; a loss has both functions", what,
                        loss->discriminator ? "generator" : "discriminator");
    if (loss->flags & ~(unsigned)(GAN_LOSS_READS_REAL | GAN_LOSS_TAKES_TARGETS | GAN_LOSS_TAKES_LOGITS))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s.flags are %u; they must be a sum of gan_loss_flag", what,
                        loss->flags);
    if (!loss->name) loss->name = "custom";
    return GAN_OK;
}

typedef struct side {
    const char *call;
    gan_adversarial_loss loss;
    gan_logits logits;
} side;

static gan_status begin(side *s, const gan_adversarial_loss *loss, const float *value)
{
    if (!loss || !value)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s is NULL", s->call, loss ? "value" : "loss");
    s->logits.size = sizeof s->logits;
    return gan_adversarial_loss_read(&s->loss, loss, "gan_adversarial_loss");
}

/* The logits of a run that must be there, one a picture. */
static gan_status read_logits(side *s, const gan_run *run, const char *what, const float **logits, float **gradient)
{
    if (!run) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s is NULL", s->call, what);
    const gan_tensor *output = gan_run_output(run, 0);
    gan_tensor *seed = gan_run_output_gradient(run, 0);
    if (!output || !seed)
        return gan_fail(GAN_ERROR_STATE, "%s: %s is a run %s", s->call, what,
                        output ? "for inference; it must be one for training" : "without a forward pass");
    char text[GAN_TENSOR_TEXT];
    int64_t count = output->shape[0];
    if (gan_tensor_count(output) != count)
        return gan_fail(GAN_ERROR_SHAPE, "%s: output 0 of %s is %s; it must be one logit a picture", s->call, what,
                        gan_tensor_text(text, output));
    if (s->logits.count && s->logits.count != count)
        return gan_fail(GAN_ERROR_SHAPE, "%s: there are %lld generated pictures and %lld real ones", s->call,
                        (long long)s->logits.count, (long long)count);
    s->logits.count = count;
    *logits = output->data;
    if (gradient) *gradient = seed->data;
    return GAN_OK;
}

static gan_status set_target(const side *s, const char *what, float *target, float given, float plain)
{
    if (!(given >= 0 && given <= 1))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s is %g; it must be 0 to 1", s->call, what, given);
    if (given != plain && !(s->loss.flags & GAN_LOSS_TAKES_TARGETS))
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: %s is %g; the loss \"%s\" has no target but %g", s->call, what,
                        given, s->loss.name, plain);
    *target = given;
    return GAN_OK;
}

static gan_status finish(const side *s, gan_loss_function function, float *value)
{
    gan_status status = function(s->loss.user, &s->logits, value);
    if (status == GAN_OK) return GAN_OK;
    return gan_fail(status, "%s: the loss \"%s\" returned %d, %s", s->call, s->loss.name, (int)status,
                    gan_status_name(status));
}

gan_status gan_adversarial_loss_discriminator(const gan_adversarial_loss *loss, float *value, gan_run *real,
                                              gan_run *fake, float real_target, float fake_target)
{
    side s = {.call = "gan_adversarial_loss_discriminator"};
    gan_status status = begin(&s, loss, value);
    if (status == GAN_OK) status = read_logits(&s, fake, "fake", &s.logits.fake, &s.logits.fake_gradient);
    if (status == GAN_OK) status = read_logits(&s, real, "real", &s.logits.real, &s.logits.real_gradient);
    if (status == GAN_OK) status = set_target(&s, "real_target", &s.logits.real_target, real_target, 1);
    if (status == GAN_OK) status = set_target(&s, "fake_target", &s.logits.fake_target, fake_target, 0);
    return status == GAN_OK ? finish(&s, s.loss.discriminator, value) : status;
}

gan_status gan_adversarial_loss_generator(const gan_adversarial_loss *loss, float *value, const gan_run *real,
                                          gan_run *fake)
{
    side s = {.call = "gan_adversarial_loss_generator"};
    gan_status status = begin(&s, loss, value);
    if (status == GAN_OK) status = read_logits(&s, fake, "fake", &s.logits.fake, &s.logits.fake_gradient);
    if (status == GAN_OK && (s.loss.flags & GAN_LOSS_READS_REAL))
        status = read_logits(&s, real, "real", &s.logits.real, NULL);
    s.logits.real_target = 1;
    return status == GAN_OK ? finish(&s, s.loss.generator, value) : status;
}
