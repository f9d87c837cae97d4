/* SPDX-License-Identifier: BSD-2-Clause */
#include "picture_folder.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

gan_context *context;
char folder[64];

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
int live, blocks, fail_at;

int count_call(int *calls)
{
    pthread_mutex_lock(&mutex);
    int now = ++*calls;
    pthread_mutex_unlock(&mutex);
    return now;
}

static void *allocate(void *user, size_t size, size_t alignment)
{
    void *memory;
    (void)user;
    if (count_call(&blocks) == fail_at || posix_memalign(&memory, alignment, size) != 0) return NULL;
    pthread_mutex_lock(&mutex);
    live++;
    pthread_mutex_unlock(&mutex);
    return memory;
}

static void release(void *user, void *memory)
{
    (void)user;
    pthread_mutex_lock(&mutex);
    live--;
    pthread_mutex_unlock(&mutex);
    free(memory);
}

char lines[4096];

static void note(void *user, gan_log_level level, const char *message)
{
    (void)user;
    size_t used = strlen(lines);
    if (level == GAN_LOG_WARNING) snprintf(lines + used, sizeof lines - used, "%s\n", message);
}

void folder_setup(void)
{
    live = blocks = fail_at = 0;
    lines[0] = '\0';
    ok(gan_context_create(&context, gan_context_options(.threads = 2, .seed = 42, .log = note,
                                                        .allocator = {.allocate = allocate, .release = release})));
    strcpy(folder, "/tmp/gan-folder-XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
}

void run(const char *format, const char *argument)
{
    char command[1024], *end = command;
    end += sprintf(end, "cd '%s' && ", folder);
    snprintf(end, sizeof command - 200, format, argument, argument, argument);
    ck_assert_msg(system(command) == 0, "%s", command);
}

void folder_teardown(void)
{
    run("rm -rf '%s'", folder);
    gan_context_free(&context);
    ck_assert_int_eq(live, 0);
}

const char *in_folder(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

unsigned char value(int number, int place)
{
    return (unsigned char)(number * 17 + place * 3);
}

void write_picture(const char *name, int number)
{
    gan_tensor *image;
    ok(gan_tensor_create(&image, context, GAN_UINT8, GAN_SHAPE(1, H, W, 3)));
    for (int i = 0; i < H * W * 3; i++) ((unsigned char *)gan_tensor_data(image))[i] = value(number, i);
    ok(gan_image_write_png(in_folder(name), image, NULL));
    gan_tensor_free(&image);
}

const tree_picture tree[COUNT] = {
    {"Zebra/1.png", 0},
    {"Zebra/10.PNG", 0},
    {"Zebra/2.png", 0},
    {"ant/a.jpg", 1},
    {"ant/b/deep/x.png", 1},
    {"ant/b/y.jpeg", 1},
    {"ant/c.png", 1},
    {"bee/only.png", 2},
    {"bee/onlz.png", 2},
    {"\xc3\xa9t\xc3\xa9/1.png", 3},
    {"\xc3\xa9t\xc3\xa9/2.png", 3},
};

void write_tree(void)
{
    run("mkdir -p Zebra ant/b/deep ant/empty bee '\xc3\xa9t\xc3\xa9' .hidden%s", "");
    for (int i = COUNT - 1; i >= 0; i--) write_picture(tree[i].name, i);
    run("echo text > ant/readme.txt; echo x > bee/.only.png; echo x > .hidden/1.png; echo x > notes%s", "");
}

gan_dataset *open_tree(const gan_dataset_options *options)
{
    gan_dataset *data;
    ok(gan_dataset_open_folder(&data, context, folder, options));
    return data;
}
