/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/session.h"

gan_status gan_session_see_real(gan_session *session)
{
    return gan_labelled_run_forward(&session->memory.d_real, gan_session_at_work(session)->real,
                                    gan_session_at_work(session)->real_labels);
}

gan_status gan_session_see_fake(gan_session *session)
{
    return gan_labelled_run_forward(&session->memory.d_fake, gan_run_output(session->memory.g.run, 0),
                                    gan_session_at_work(session)->fake_labels);
}

const gan_tensor *gan_session_fake_gradient(const gan_session *session)
{
    return gan_run_input_gradient(session->memory.d_fake.run, 0);
}

const gan_tensor *gan_session_seen_real(const gan_session *session)
{
    return gan_session_at_work(session)->real;
}

const gan_tensor *gan_session_seen_fake(const gan_session *session)
{
    return gan_run_output(session->memory.g.run, 0);
}
