/* SPDX-License-Identifier: BSD-2-Clause */
#include "cases.h"

/* What each layer's table promises whatever the kernels: options (options.c), and what becomes of memory (memory.c). */

int main(void)
{
    Suite *suite = suite_create("layer contracts");
    TCase *options = tcase_create("options"), *memory = tcase_create("memory");
    collect_cases();
    tcase_set_timeout(options, 0);
    tcase_set_timeout(memory, 0);
    suite_add_tcase(suite, options);
    suite_add_tcase(suite, memory);
    add_option_tests(options);
    add_memory_tests(memory);
    return run_suite(suite);
}
