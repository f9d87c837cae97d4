/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_IO_WEIGHTS_NETWORKS_H
#define TESTS_IO_WEIGHTS_NETWORKS_H

#include "support.h"

#include <unistd.h>

#define NAMES(...)                                   \
    .names = (const gan_weight_name[]){__VA_ARGS__}, \
    .name_count = (int)(sizeof((const gan_weight_name[]){__VA_ARGS__}) / sizeof(gan_weight_name))

/* Neither call does anything to `network`, or makes the file at `path` (fixture.h). */
#define CHANGES_NOTHING(text, status, options)                                         \
    do {                                                                               \
        fails(status, text, gan_network_export_weights(network, path, options));       \
        ck_assert_msg(access(path, F_OK) != 0, "a file in spite of: %s", text);        \
        fails(status, text, gan_network_import_weights(network, "/missing", options)); \
    } while (0)

/* conv0 [2,3,4,6], bn0, deconv0 [3,3,5,6], prelu0, linear0 [100,2]: all weights are 0, 1, 2, .. */
gan_network *sample(gan_context *context, bool spectral);

/* The networks of tests/golden/weights_networks.py, built here. */
int exchanged_count(void);
const char *exchanged_name(int index);
gan_network *exchanged_network(gan_context *context, int index);

/* A file's inputs x0, x1, .. and output y: checks that the network makes y of them, to 1e-5 of the largest number. */
void check_output(gan_network *network, gan_context *context, const char *path);

/* Writes such a file, with inputs of the file at `inputs` and the network's own output. */
void write_output(gan_network *network, gan_context *context, const char *inputs, const char *path);

#endif
