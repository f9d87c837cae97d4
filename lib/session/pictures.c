/* SPDX-License-Identifier: BSD-2-Clause */
#include "augment/augment.h"
#include "session/session.h"

/* What D sees: the pictures as they are, or changed by the session's augmentation, each look by numbers of its own. */

/* Sets *seen to what D is to be shown of the pictures, which is in `changed` where there is an augmentation. */
static gan_status show(gan_session *session, gan_tensor *changed, const gan_tensor *pictures, const gan_tensor **seen)
{
    *seen = pictures;
    if (!session->augment) return GAN_OK;
    gan_status status = gan_tensor_set_batch(changed, pictures->shape[0]);
    if (status == GAN_OK) status = gan_augment_forward(session->augment, changed, pictures, session->augment_position);
    session->augment_position += (uint64_t)pictures->shape[0];
    *seen = changed;
    return status;
}

gan_status gan_session_see_real(gan_session *session)
{
    const gan_session_batch *batch = gan_session_at_work(session);
    const gan_tensor *seen;
    gan_status status = show(session, session->memory.shown_real, batch->real, &seen);
    return status == GAN_OK ? gan_labelled_run_forward(&session->memory.d_real, seen, batch->real_labels) : status;
}

gan_status gan_session_see_fake(gan_session *session)
{
    const gan_tensor *seen;
    session->fake_position = session->augment_position;
    gan_status status = show(session, session->memory.shown_fake, gan_run_output(session->memory.g.run, 0), &seen);
    if (status != GAN_OK) return status;
    return gan_labelled_run_forward(&session->memory.d_fake, seen, gan_session_at_work(session)->fake_labels);
}

const gan_tensor *gan_session_seen_real(const gan_session *session)
{
    return session->augment ? session->memory.shown_real : gan_session_at_work(session)->real;
}

const gan_tensor *gan_session_seen_fake(const gan_session *session)
{
    return session->augment ? session->memory.shown_fake : gan_run_output(session->memory.g.run, 0);
}

gan_status gan_session_fake_gradient(const gan_session *session, const gan_tensor **gradient)
{
    gan_tensor *of_seen = gan_run_input_gradient(session->memory.d_fake.run, 0);
    *gradient = of_seen;
    if (!session->augment) return GAN_OK;
    return gan_augment_backward(session->augment, of_seen, of_seen, session->fake_position);
}

gan_status gan_session_adapt(gan_session *session)
{
    if (!session->augment || !session->augment->options.adaptive) return GAN_OK;
    return gan_augment_adapt(session->augment, gan_run_output(session->memory.d_real.run, 0));
}

gan_status gan_session_set_augment(gan_session *session, gan_augment *augment)
{
    static const char call[] = "gan_session_set_augment";
    if (!session) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: session is NULL", call);
    const gan_shape *shape = &session->options.discriminator->inputs[0]->layer.output;
    char text[GAN_SHAPE_TEXT];
    if (augment && augment->context != session->context)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: augment is of another context", call);
    if (augment && shape->rank != 3)
        return gan_fail(GAN_ERROR_SHAPE, "%s: the discriminator takes %s; pictures that are changed are [H,W,C]", call,
                        gan_shape_text(text, shape->rank, shape->size));
    gan_augment *old = session->augment;
    session->augment = augment ? gan_augment_retain(augment) : NULL;
    gan_augment_free(&old);
    gan_session_forget_memory(session); /* it was made for the other one */
    return GAN_OK;
}
