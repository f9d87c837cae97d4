/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_IO_GAME_H
#define GAN_IO_GAME_H

#include "session/session.h"

#include <cjson/cJSON.h>

/* What a session is made of, as JSON: all that its caller chose, and nothing that moves while it plays. docs/formats.md
 * has its keys. */

/* NULL when memory is out. The caller frees it with cJSON_Delete(). */
cJSON *gan_game_write(const gan_session *session);

/* Makes the session; the rates of its optimizers are not in the game. loss: NULL, or the caller's own, of the name that
 * the game says. `what` names the source in errors; floats: as of gan_architecture_read(), for each network. */
gan_status gan_game_read(gan_session **session, gan_context *context, const cJSON *game,
                         const gan_adversarial_loss *loss, const char *what, size_t floats);

/* GAN_ERROR_INVALID_ARGUMENT when the session is made of anything else; the sentence names it. */
gan_status gan_game_compare(const cJSON *game, const gan_session *session, const char *what);

#endif
