/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/kernel.h"

/* The tables, each from its own static library; which of them are in the build is up to the host. */
extern const gan_kernels gan_c_kernels, gan_avx2_kernels, gan_avx512_kernels, gan_neon_kernels;

static bool always(void)
{
    return true;
}

/* __builtin_cpu_init: a host program may create a context in a constructor that runs before the compiler's own. */
#ifdef HAVE_KERNELS_AVX2
static bool has_avx2(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif

#ifdef HAVE_KERNELS_AVX512
static bool has_avx512(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("fma");
}
#endif

/* The best first. */
static const struct {
    gan_kernel_set set;
    const gan_kernels *kernels;
    bool (*runs)(void);
} sets[] = {
#ifdef HAVE_KERNELS_AVX512
    {GAN_KERNELS_AVX512, &gan_avx512_kernels, has_avx512},
#endif
#ifdef HAVE_KERNELS_AVX2
    {GAN_KERNELS_AVX2, &gan_avx2_kernels, has_avx2},
#endif
#ifdef HAVE_KERNELS_NEON
    {GAN_KERNELS_NEON, &gan_neon_kernels, always},
#endif
    {GAN_KERNELS_C, &gan_c_kernels, always},
};

const gan_kernels *gan_kernels_select(gan_kernel_set set)
{
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        if ((set == GAN_KERNELS_AUTO || set == sets[i].set) && sets[i].runs()) return sets[i].kernels;
    return NULL;
}

bool gan_kernels_use_blas(void)
{
#ifdef HAVE_BLAS
    return true;
#else
    return false;
#endif
}
