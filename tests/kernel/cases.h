/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_KERNEL_CASES_H
#define TESTS_KERNEL_CASES_H

#include "buffers.h"

#define MOST 5 /* arguments on a side */
#define DIMS 3 /* of minibatch discrimination */

struct test_case {
    const char *name, *in, *out; /* a letter an argument, its size: see floats_of */
    bool in_place;               /* out[0] may be in[0] */
    double relative, floor;      /* tolerances, see check_near */
    void (*run)(const gan_kernels *k, float **out, float **in, const int64_t *s);
    void (*reference)(double **out, double **in, const int64_t *s);
};

#define CASE(name, in, out, in_place, relative, floor)                          \
    {                                                                           \
#name, in, out, in_place, relative, floor, run_##name, reference_##name \
    }

struct test_table {
    const struct test_case *cases;
    int count;
};

extern const struct test_table batch_cases;  /* kernels that compare the samples of a batch */
extern const struct test_table update_cases; /* optimizers' */

#endif
