/* SPDX-License-Identifier: BSD-2-Clause */
#include "stored_network.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

gan_context *context;
char path[96];

static char folder[64];

void setup(void)
{
    context = new_context(1, GAN_KERNELS_AUTO);
    snprintf(folder, sizeof folder, "%s", "/tmp/gan-storage-XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/network.safetensors", folder);
}

void teardown(void)
{
    unlink(path);
    ck_assert_msg(rmdir(folder) == 0, "something was left in %s", folder);
    gan_context_free(&context);
}
const char by_hand[] = "{\"version\": 1, \"layers\": ["
                       "{\"type\": \"input\", \"name\": \"x\", \"shape\": [4]},"
                       "{\"type\": \"linear\", \"name\": \"y\", \"inputs\": [\"x\"], \"options\": {\"units\": 2}},"
                       "{\"type\": \"tanh\", \"name\": \"z\", \"inputs\": [\"y\"]}], \"outputs\": [\"z\"]}\n";
