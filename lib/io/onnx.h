/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_IO_ONNX_H
#define GAN_IO_ONNX_H

#include "layer/export.h"
#include "network/network.h"

/* Writes the graph of the network as a file. GAN_ERROR_UNSUPPORTED when it would be too large. */
gan_status gan_onnx_write(const gan_network *network, const gan_export *graph, const char *path);

#endif
