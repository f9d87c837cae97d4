/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_KERNEL_GEMM_H
#define GAN_KERNEL_GEMM_H

#include "kernel/kernel.h"

/* Does the product in the BLAS, or returns false: the build has none, or the sizes do not fit its integers. */
bool gan_gemm_blas(const gan_gemm *gemm);

#endif
