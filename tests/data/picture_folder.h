/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_DATA_PICTURE_FOLDER_H
#define TESTS_DATA_PICTURE_FOLDER_H

#include "support.h"

/* What the tests of folders of pictures begin with: a context, and a folder that is empty. The teardown removes it, and
 * finds all memory given back. */
extern gan_context *context;
extern char folder[64];
extern char lines[4096]; /* of the context's log, warnings only */

void folder_setup(void);
void folder_teardown(void);

/* Blocks of memory there are, that were asked for, and the one that is refused; worker threads ask for some. Counts a
 * call, of any thread, and tells its number. */
extern int live, blocks, fail_at;
int count_call(int *calls);

/* Runs a shell command in the folder; the argument is put in up to three times. And a path in it. */
void run(const char *format, const char *argument);
const char *in_folder(const char *name);

/* A picture of 5x4 whose pixels tell its number. */
#define H 5
#define W 4
unsigned char value(int number, int place);
void write_picture(const char *name, int number);

/* Classes, and below one of them folders: the pictures are numbered in the order that they should have. */
#define COUNT 11
typedef struct tree_picture {
    const char *name;
    int label;
} tree_picture;
extern const tree_picture tree[COUNT];
void write_tree(void);
gan_dataset *open_tree(const gan_dataset_options *options);

#endif
