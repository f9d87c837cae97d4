/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE /* RTLD_NODELETE */
#include "metric/lapack.h"

#ifdef HAVE_LAPACK
#include <dlfcn.h>
#include <stdbool.h>

/* Weak: NULL where the program has no LAPACK. */
extern void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w,
                    double *work, const int *lwork, int *iwork, const int *liwork, int *info, size_t, size_t)
    __attribute__((weak));

/* A static program does without loading, which glibc's linker would warn of. Before 2.34 it has libdl, which nobody links
 * for weak symbols alone. */
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 34)
#pragma weak dlopen
#pragma weak dlsym
#pragma weak dlclose

static bool can_load(void)
{
    return dlopen && dlsym && dlclose;
}
#else
static bool can_load(void)
{
    return true;
}
#endif

gan_dsyevd gan_lapack_dsyevd(const char **reason)
{
    gan_dsyevd found = NULL;
    *reason = GAN_LAPACK " cannot be loaded, or has no dsyevd";
    if (dsyevd_) return dsyevd_;
    if (!can_load()) return NULL;
    void *library = dlopen(GAN_LAPACK, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
    if (!library) return NULL;
    *(void **)&found = dlsym(library, "dsyevd_"); /* as POSIX has it: C has no conversion to functions */
    dlclose(library);                             /* which only counts: it is never unloaded */
    return found;
}
#else
gan_dsyevd gan_lapack_dsyevd(const char **reason)
{
    *reason = "this libgan was built without LAPACK";
    return NULL;
}
#endif
