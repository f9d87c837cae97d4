/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_IO_ONNX_CASES_H
#define TESTS_IO_ONNX_CASES_H

#include "layer/layer.h"

#include <gan/gan.h>

/* Networks to be exported: every layer type, alone and between convolutions, whose pictures have their channels first in
 * ONNX, and whole networks. */
int onnx_case_count(void);

/* "conv2d_3": the name of a file. */
const char *onnx_case_name(int number, char text[64]);

/* The type of a case's layer; NULL of a whole network. */
const gan_layer_type *onnx_case_type(int number);

/* An input's numbers are those of classes below this, where not 0. */
int onnx_case_classes(int number, int input);

/* The network, built, with parameters and averages that are no longer those that it begins with. The first error stops
 * it, and *network is NULL then. */
gan_status onnx_case_network(int number, gan_network **network, gan_context *context);

#endif
