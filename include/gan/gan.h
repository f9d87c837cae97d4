/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_GAN_H
#define GAN_GAN_H

/* libgan: training and using generative adversarial networks. This header brings in all the others; docs/guide.md is
 * the way in. Conventions that hold everywhere: gan/status.h (errors), gan/context.h (options), gan/layer.h (builder
 * calls). */
#include <gan/activation.h>
#include <gan/arithmetic.h>
#include <gan/attention.h>
#include <gan/augment.h>
#include <gan/batch_discrimination.h>
#include <gan/block.h>
#include <gan/check.h>
#include <gan/checkpoint.h>
#include <gan/context.h>
#include <gan/custom.h>
#include <gan/dataset.h>
#include <gan/ema.h>
#include <gan/embedding.h>
#include <gan/image.h>
#include <gan/initializer.h>
#include <gan/layer.h>
#include <gan/loss.h>
#include <gan/metric.h>
#include <gan/network.h>
#include <gan/noise.h>
#include <gan/norm.h>
#include <gan/onnx.h>
#include <gan/optimizer.h>
#include <gan/penalty.h>
#include <gan/pooling.h>
#include <gan/profile.h>
#include <gan/random.h>
#include <gan/resize.h>
#include <gan/run.h>
#include <gan/schedule.h>
#include <gan/session.h>
#include <gan/status.h>
#include <gan/storage.h>
#include <gan/tensor.h>
#include <gan/version.h>
#include <gan/weights.h>
#include <gan/zoo.h>

#endif
