/* SPDX-License-Identifier: BSD-2-Clause */
#include "data/files.h"
#include "core/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES 4096
#define MAX_DEPTH  32
#define MAX_FILES  ((int64_t)1 << 30)

struct file {
    size_t path; /* in text */
    int32_t label;
};

/* One folder's names, in their order. */
struct names {
    gan_buffer text;
    const char **sorted;
    size_t count;
};

/* Where the walk is. */
struct walk {
    gan_file_list *list;
    char path[PATH_BYTES];
    int32_t label;
};

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static gan_status sort_names(struct names *names)
{
    names->sorted = gan_context_allocate(names->text.context, names->count, sizeof *names->sorted, "names of files");
    if (!names->sorted) return GAN_ERROR_OUT_OF_MEMORY;
    const char *name = (const char *)names->text.data;
    for (size_t i = 0; i < names->count; i++, name += strlen(name) + 1) names->sorted[i] = name;
    if (names->count) qsort(names->sorted, names->count, sizeof *names->sorted, compare);
    return GAN_OK;
}

/* What begins with a dot is hidden. */
static gan_status add_name(void *user, const char *name)
{
    struct names *names = user;
    if (name[0] == '.') return GAN_OK;
    names->count++;
    return gan_buffer_append(&names->text, name, strlen(name) + 1);
}

static gan_status read_names(struct names *names, const gan_file_calls *calls, const char *path)
{
    gan_status status = gan_folder_visit(calls, path, add_name, names);
    return status == GAN_OK ? sort_names(names) : status;
}

static void release_names(struct names *names)
{
    gan_context_release(names->text.context, names->sorted);
    gan_buffer_release(&names->text);
}

/* Letters of ASCII only, so that no locale has a say. */
static bool is_picture(const char *name)
{
    static const char *const endings[] = {".png", ".jpg", ".jpeg"};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t length = strlen(endings[i]), all = strlen(name), k = 0;
        while (all > length && k < length) {
            char c = name[all - length + k];
            if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != endings[i][k]) break;
            k++;
        }
        if (k == length) return true;
    }
    return false;
}

static gan_status add_text(gan_file_list *list, const char *text, size_t *place)
{
    *place = list->text.size;
    return gan_buffer_append(&list->text, text, strlen(text) + 1);
}

static gan_status add_file(struct walk *walk)
{
    struct file file = {.label = walk->label};
    if (gan_file_list_count(walk->list) == MAX_FILES)
        return gan_fail(GAN_ERROR_FORMAT, "a dataset has more than %lld pictures", (long long)MAX_FILES);
    gan_status status = add_text(walk->list, walk->path, &file.path);
    return status == GAN_OK ? gan_buffer_append(&walk->list->files, &file, sizeof file) : status;
}

static gan_status add_class(struct walk *walk, const char *name)
{
    size_t place;
    walk->label = gan_file_list_classes(walk->list);
    gan_status status = add_text(walk->list, name, &place);
    return status == GAN_OK ? gan_buffer_append(&walk->list->class_names, &place, sizeof place) : status;
}

static gan_status visit(struct walk *walk, int depth);

/* The name at the end of the path: a picture, or a folder, which at the top is a class. */
static gan_status visit_name(struct walk *walk, const char *name, int depth)
{
    char shown[GAN_PATH_TEXT];
    if (is_picture(name)) return add_file(walk);
    if (!gan_file_is_folder(walk->path)) return GAN_OK;
    int64_t before = gan_file_list_count(walk->list);
    gan_status status = depth == 0 ? add_class(walk, name) : GAN_OK;
    if (status == GAN_OK) status = visit(walk, depth + 1);
    if (status == GAN_OK && depth == 0 && gan_file_list_count(walk->list) == before)
        status = gan_fail(GAN_ERROR_FORMAT, "%s is a class without a picture, a file .png, .jpg or .jpeg",
                          gan_path_text(shown, walk->path));
    if (depth == 0) walk->label = -1;
    return status;
}

/* The folder at the path, which is as it was at the end. */
static gan_status visit(struct walk *walk, int depth)
{
    struct names names = {.text = {.context = walk->list->context}};
    const size_t length = strlen(walk->path);
    char shown[GAN_PATH_TEXT];
    if (depth > MAX_DEPTH)
        return gan_fail(GAN_ERROR_FORMAT, "%s lies more than %d folders deep", gan_path_text(shown, walk->path),
                        MAX_DEPTH);
    gan_status status = read_names(&names, walk->list->calls, walk->path);
    for (size_t i = 0; status == GAN_OK && i < names.count; i++) {
        int added = snprintf(walk->path + length, PATH_BYTES - length, "/%s", names.sorted[i]);
        if (added < 0 || (size_t)added >= PATH_BYTES - length)
            status = gan_fail(GAN_ERROR_INVALID_ARGUMENT, "%s: the path has more than %d bytes",
                              gan_path_text(shown, walk->path), PATH_BYTES - 1);
        else
            status = visit_name(walk, names.sorted[i], depth);
        walk->path[length] = '\0';
    }
    release_names(&names);
    return status;
}

/* Either all pictures have a class or none has. */
static gan_status check(const gan_file_list *list, const char *path)
{
    char shown[GAN_PATH_TEXT];
    int64_t count = gan_file_list_count(list), classless = -1;
    for (int64_t i = 0; i < count && classless < 0; i++)
        if (gan_file_list_label(list, i) < 0) classless = i;
    if (count == 0)
        return gan_fail(GAN_ERROR_FORMAT, "%s has no pictures: no files .png, .jpg or .jpeg",
                        gan_path_text(shown, path));
    if (classless >= 0 && gan_file_list_classes(list) > 0)
        return gan_fail(GAN_ERROR_FORMAT, "%s has no class, as it lies beside the folders of the classes",
                        gan_path_text(shown, gan_file_list_path(list, classless)));
    return GAN_OK;
}

gan_status gan_file_list_read(gan_file_list *list, gan_context *context, const gan_file_calls *calls, const char *path)
{
    *list = (gan_file_list){context, calls, {.context = context}, {.context = context}, {.context = context}};
    struct walk *walk = gan_context_allocate(context, 1, sizeof *walk, "a path");
    if (!walk) return GAN_ERROR_OUT_OF_MEMORY;
    walk->list = list;
    walk->label = -1;
    gan_status status = GAN_OK;
    if (strlen(path) < PATH_BYTES)
        memcpy(walk->path, path, strlen(path) + 1);
    else
        status = gan_fail(GAN_ERROR_INVALID_ARGUMENT, "the path of a folder has more than %d bytes", PATH_BYTES - 1);
    if (status == GAN_OK) status = visit(walk, 0);
    if (status == GAN_OK) status = check(list, path);
    gan_context_release(context, walk);
    return status;
}

void gan_file_list_release(gan_file_list *list)
{
    gan_buffer_release(&list->class_names);
    gan_buffer_release(&list->files);
    gan_buffer_release(&list->text);
}

static const struct file *file_at(const gan_file_list *list, int64_t file)
{
    return (const struct file *)list->files.data + file;
}

int64_t gan_file_list_count(const gan_file_list *list)
{
    return (int64_t)(list->files.size / sizeof(struct file));
}

const char *gan_file_list_path(const gan_file_list *list, int64_t file)
{
    return (const char *)list->text.data + file_at(list, file)->path;
}

int32_t gan_file_list_label(const gan_file_list *list, int64_t file)
{
    return file_at(list, file)->label;
}

int gan_file_list_classes(const gan_file_list *list)
{
    return (int)(list->class_names.size / sizeof(size_t));
}

const char *gan_file_list_class(const gan_file_list *list, int label)
{
    return (const char *)list->text.data + ((const size_t *)(const void *)list->class_names.data)[label];
}
