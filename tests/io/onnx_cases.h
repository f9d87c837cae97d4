/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_IO_ONNX_CASES_H
#define TESTS_IO_ONNX_CASES_H

#include "cases.h"

#include <gan/gan.h>

/* Networks to be exported: every case of tests/layer/ whose type can be, the layer alone and, in the same network,
 * between convolutions, whose pictures have their channels first in ONNX; and whole networks. collect_onnx_cases() is
 * called once, before the tests. */
void collect_onnx_cases(void);
int onnx_case_count(void);

/* "conv2d_3": the name of a file. */
const char *onnx_case_name(int number, char text[64]);

/* The case's layer; NULL of a whole network. */
const layer_case *onnx_case_layer(int number);

/* Whether it is of a layer whose case was derived: there are many, of which a slow test takes a part. */
bool onnx_case_is_derived(int number);

/* The network, built, with parameters and averages that are no longer those that it begins with. The first error stops
 * it, and *network is NULL then. */
gan_status onnx_case_network(int number, gan_network **network, gan_context *context);

#endif
