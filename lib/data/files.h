/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_DATA_FILES_H
#define GAN_DATA_FILES_H

#include "core/file.h"
#include "image/buffer.h"

/* The pictures below a folder, and the classes that they belong to. */
typedef struct gan_file_list {
    gan_context *context;
    const gan_file_calls *calls;
    gan_buffer text; /* all paths and names, each with a zero at its end */
    gan_buffer files;
    gan_buffer class_names; /* size_t: where in text */
} gan_file_list;

/* Lists them, by the rules of gan_dataset_open_folder(). On failure, too, the list is to be released. */
gan_status gan_file_list_read(gan_file_list *list, gan_context *context, const gan_file_calls *calls, const char *path);
void gan_file_list_release(gan_file_list *list);

int64_t gan_file_list_count(const gan_file_list *list);
const char *gan_file_list_path(const gan_file_list *list, int64_t file);
int32_t gan_file_list_label(const gan_file_list *list, int64_t file); /* -1: no class */
int gan_file_list_classes(const gan_file_list *list);
const char *gan_file_list_class(const gan_file_list *list, int label);

#endif
