/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_IO_KEEPER_H
#define GAN_IO_KEEPER_H

#include <gan/checkpoint.h>

/* gan_keeper_step() at a time of gan_clock(), for tests that do not wait. */
gan_status gan_keeper_step_at(gan_keeper *keeper, const gan_session *session, const gan_dataset *data,
                              const gan_checkpoint_options *options, bool *saved, int64_t now);

#endif
