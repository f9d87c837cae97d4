/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_IO_WEIGHTS_NETWORKS_H
#define TESTS_IO_WEIGHTS_NETWORKS_H

#include "support.h"

/* The networks of tests/golden/weights_networks.py, built here. */
int exchanged_count(void);
const char *exchanged_name(int index);
gan_network *exchanged_network(gan_context *context, int index);

/* A file's inputs x0, x1, .. and output y: checks that the network makes y of them, to 1e-5 of the largest number. */
void check_output(gan_network *network, gan_context *context, const char *path);

/* Writes such a file, with inputs of the file at `inputs` and the network's own output. */
void write_output(gan_network *network, gan_context *context, const char *inputs, const char *path);

#endif
