/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_VERSION_H
#define GAN_VERSION_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the headers a program was compiled with. The ABI number is the shared library's soname: it changes
 * only when a program compiled against an older header would no longer work. */
#define GAN_VERSION_MAJOR 0
#define GAN_VERSION_MINOR 1
#define GAN_VERSION_PATCH 0
#define GAN_VERSION_ABI   0

/* Marks what the library exports. GAN_BUILD is defined only while libgan itself is compiled. */
#if defined(GAN_BUILD) && (defined(__GNUC__) || defined(__clang__))
#define GAN_API __attribute__((visibility("default")))
#else
#define GAN_API
#endif

/* The version of the library that the program runs with, "MAJOR.MINOR.PATCH". The string is constant.
 * Thread-safe. Cannot fail. */
GAN_API const char *gan_version(void);

/* True when this build of the library has the named feature: "png" and "jpeg" (gan/image.h reads and writes such
 * pictures), "json" (gan/storage.h, gan/weights.h and gan/checkpoint.h can save and load), "lapack" (gan/metric.h has
 * the Fréchet distance), "blas" (matrix products may go to a BLAS), or a kernel set by its name: "c", "avx2", "avx512",
 * "neon" (compiled in and supported by this CPU). False for NULL and for names it does not know. Thread-safe. Cannot
 * fail. */
GAN_API bool gan_has_feature(const char *feature);

#ifdef __cplusplus
}
#endif
#endif
