/* SPDX-License-Identifier: BSD-2-Clause */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

gan_context *context;
char folder[64], path[96];

void setup(void)
{
    context = new_context(1, GAN_KERNELS_AUTO);
    snprintf(folder, sizeof folder, "%s", "/tmp/gan-file-XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/network", folder);
}

void teardown(void)
{
    unlink(path);
    ck_assert_msg(rmdir(folder) == 0, "something was left in %s", folder);
    gan_context_free(&context);
}
