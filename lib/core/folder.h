/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_CORE_FOLDER_H
#define GAN_CORE_FOLDER_H

#include "core/file.h"

/* Calls visit() with the name of each entry of a folder but . and .., in no order, until it returns something else than
 * GAN_OK, which is then the result. GAN_ERROR_IO. */
gan_status gan_folder_visit(const gan_file_calls *calls, const char *folder,
                            gan_status (*visit)(void *user, const char *name), void *user);

/* Removes the temporary files of gan_file_replace() whose process is no more, or has this one's number: of this one no
 * file may be under way in the folder. GAN_ERROR_IO: there is no such folder. */
gan_status gan_folder_clean(const char *folder);

#endif
