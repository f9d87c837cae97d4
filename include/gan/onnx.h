/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_ONNX_H
#define GAN_ONNX_H

#include <gan/network.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Networks for other programs, as ONNX files (onnx.ai): what ONNX Runtime, OpenVINO, TensorRT and others run.
 * docs/onnx.md tells which operators a layer becomes. Nothing but libgan is needed to write them. */

typedef struct gan_onnx_options {
    size_t size;
    int opset;    /* the version of ONNX's operators that the reader has to know, 13..21, default 17 */
    int reserved; /* 0 */
} gan_onnx_options;
#ifndef __cplusplus
#define gan_onnx_options(...) (&(gan_onnx_options){.size = sizeof(gan_onnx_options), __VA_ARGS__})
#endif

/* Writes a built network as it works in a GAN_INFERENCE run: batch norm by its running statistics, dropout and noise
 * left out, weights divided by their spectral norms. Inputs and outputs have their nodes' names, are float, and as in
 * libgan: channels last, any batch, a dimension called "N". Weights are in the file, under their names in libgan where
 * they are of one layer. options: NULL for the defaults. The file is written whole or not at all. The same network
 * gives the same bytes. Takes the memory of an inference run for one sample, and of the file, for the time of the call.
 * Thread-safety: as an inference run.
 *
 * GAN_ERROR_INVALID_ARGUMENT: network or path is NULL, an option is out of range. GAN_ERROR_STATE: not built.
 * GAN_ERROR_UNSUPPORTED: a layer of a type of the caller's own, which the sentence names, or a file of more than 2 GiB,
 * which the format does not have. GAN_ERROR_IO: the sentence has the system's reason, and an older file of this name is
 * as it was. GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_network_export_onnx(const gan_network *network, const char *path,
                                           const gan_onnx_options *options);

#ifdef __cplusplus
}
#endif
#endif
