/* SPDX-License-Identifier: BSD-2-Clause */
#include "data/folder.h"
#include "data/files.h"
#include "data/loader.h"
#include "data/prepare.h"
#include "image/picture.h"

/* Batches that are decoded ahead, and files at opening. */
#define BATCHES_AHEAD 3
#define FILES_AHEAD   32

struct folder {
    gan_context *context;
    gan_file_list list;
    gan_preparation preparation;
    gan_loader *loader;
    int32_t *files; /* of each picture: its number in the list */
    int64_t count;  /* pictures */
    const char **class_names;
    int32_t *wanted; /* files of the coming batches */
    int64_t wanted_capacity;
};

static gan_status decode(const struct folder *folder, int64_t file, gan_picture *picture)
{
    const char *path = gan_file_list_path(&folder->list, file);
    unsigned char *data;
    size_t size;
    gan_status status =
        gan_file_read_by(folder->list.calls, path, &folder->context->allocator, GAN_PICTURE_FILE_BYTES, &data, &size);
    if (status != GAN_OK) return status;
    status = gan_picture_decode(picture, folder->context, data, size, path);
    gan_context_release(folder->context, data);
    return status;
}

static gan_status load(void *user, int32_t file, unsigned char *bytes)
{
    const struct folder *folder = user;
    gan_picture picture;
    gan_status status = decode(folder, file, &picture);
    if (status != GAN_OK) return status;
    status = gan_prepare_picture(&folder->preparation, folder->context, bytes, picture.bytes, false, picture.height,
                                 picture.width, picture.channels);
    gan_picture_release(&picture, folder->context);
    return status;
}

static struct folder *folder_of(const gan_dataset *dataset)
{
    return dataset->state;
}

static gan_status make_list(struct folder *folder, int64_t most)
{
    if (most <= folder->wanted_capacity) return GAN_OK;
    int32_t *wanted = gan_context_allocate(folder->context, (size_t)most, sizeof *wanted, "a list of pictures");
    if (!wanted) return GAN_ERROR_OUT_OF_MEMORY;
    gan_context_release(folder->context, folder->wanted);
    folder->wanted = wanted;
    folder->wanted_capacity = most;
    return GAN_OK;
}

static gan_status begin(gan_dataset *dataset, int64_t count, int64_t batch)
{
    struct folder *folder = folder_of(dataset);
    int64_t broken = gan_file_list_count(&folder->list) - folder->count;
    if (gan_loader_complete(folder->loader, broken)) return GAN_OK;
    gan_status status = make_list(folder, (1 + BATCHES_AHEAD) * batch);
    if (status != GAN_OK) return status;
    int64_t all = gan_dataset_upcoming(dataset, batch, folder->wanted, (1 + BATCHES_AHEAD) * batch);
    for (int64_t i = 0; i < all; i++) folder->wanted[i] = folder->files[folder->wanted[i]];
    return gan_loader_need(folder->loader, folder->wanted, count, all);
}

static int64_t picture_bytes(const struct folder *folder)
{
    const gan_preparation *p = &folder->preparation;
    return (int64_t)p->height * p->width * p->channels;
}

static void read_picture(const gan_dataset *dataset, int64_t index, float *image)
{
    const struct folder *folder = folder_of(dataset);
    gan_bytes_to_floats(image, gan_loader_bytes(folder->loader, folder->files[index]), picture_bytes(folder));
}

static gan_status get_picture(const gan_dataset *dataset, int64_t index, float *image)
{
    const struct folder *folder = folder_of(dataset);
    int64_t size = picture_bytes(folder);
    unsigned char *bytes = gan_context_allocate(folder->context, (size_t)size, 1, "a picture");
    if (!bytes) return GAN_ERROR_OUT_OF_MEMORY;
    gan_status status = gan_loader_get(folder->loader, folder->files[index], bytes);
    if (status == GAN_OK) gan_bytes_to_floats(image, bytes, size);
    gan_context_release(folder->context, bytes);
    return status;
}

static int32_t label_of(const gan_dataset *dataset, int64_t index)
{
    const struct folder *folder = folder_of(dataset);
    return gan_file_list_label(&folder->list, folder->files[index]);
}

static void release(struct folder *folder)
{
    gan_context *context = folder->context;
    gan_loader_free(&folder->loader);
    gan_context_release(context, folder->wanted);
    gan_context_release(context, folder->class_names);
    gan_context_release(context, folder->files);
    gan_file_list_release(&folder->list);
    gan_context_release(context, folder);
}

static void close_folder(gan_dataset *dataset)
{
    release(folder_of(dataset));
    dataset->state = NULL;
}

static const gan_dataset_source source = {
    .read = read_picture, .label = label_of, .begin = begin, .get = get_picture, .close = close_folder};

/* What `broken` is about: the file, and not the memory or the build. */
static bool is_broken(gan_status status)
{
    return status == GAN_ERROR_IO || status == GAN_ERROR_FORMAT;
}

/* The size of the first picture that can be read, where the options have none. */
static gan_status find_size(struct folder *folder, const gan_dataset_options *options)
{
    gan_picture picture = {0};
    gan_status status = GAN_OK;
    bool skips = options->broken == GAN_BROKEN_SKIP;
    for (int64_t i = 0; !options->height && i < gan_file_list_count(&folder->list); i++) {
        status = decode(folder, i, &picture);
        if (!skips || !is_broken(status)) break;
    }
    folder->preparation = gan_preparation_of(options, picture.height, picture.width, 3);
    gan_picture_release(&picture, folder->context);
    return status;
}

/* Without a look at the files all are taken for whole; with one, what is broken is left out. */
static gan_status choose_files(struct folder *folder, bool look)
{
    int64_t all = gan_file_list_count(&folder->list);
    int32_t ahead[FILES_AHEAD];
    gan_status status = GAN_OK;
    for (int64_t i = 0; status == GAN_OK && i < all; i++) {
        int64_t count = all - i < FILES_AHEAD ? all - i : FILES_AHEAD;
        for (int64_t k = 0; k < count; k++) ahead[k] = (int32_t)(i + k);
        if (look) status = gan_loader_need(folder->loader, ahead, 1, count);
        if (is_broken(status)) {
            gan_log(folder->context, GAN_LOG_WARNING, "a picture is left out: %s", gan_last_error());
            status = GAN_OK;
        } else if (status == GAN_OK) {
            folder->files[folder->count++] = (int32_t)i;
        }
    }
    if (status == GAN_OK && folder->count == 0)
        return gan_fail(GAN_ERROR_FORMAT, "none of the %lld pictures can be read, beginning with %.300s",
                        (long long)all, gan_file_list_path(&folder->list, 0));
    return status;
}

static gan_status allocate(struct folder *folder)
{
    int classes = gan_file_list_classes(&folder->list);
    folder->files = gan_context_allocate(folder->context, (size_t)gan_file_list_count(&folder->list),
                                         sizeof *folder->files, "the files of pictures");
    folder->class_names =
        gan_context_allocate(folder->context, (size_t)classes, sizeof *folder->class_names, "names of classes");
    if (!folder->files || !folder->class_names) return GAN_ERROR_OUT_OF_MEMORY;
    for (int i = 0; i < classes; i++) folder->class_names[i] = gan_file_list_class(&folder->list, i);
    return GAN_OK;
}

static gan_status start_loader(struct folder *folder, const gan_dataset_options *options)
{
    const gan_loader_plan plan = {
        .count = (int32_t)gan_file_list_count(&folder->list),
        .bytes = (size_t)picture_bytes(folder),
        .cache = (size_t)options->cache,
        .threads = options->threads,
        .load = load,
        .user = folder,
    };
    return gan_loader_create(&folder->loader, folder->context, &plan);
}

static gan_status make_dataset(gan_dataset **dataset, struct folder *folder, const gan_dataset_options *options)
{
    const int size[] = {folder->preparation.height, folder->preparation.width, folder->preparation.channels};
    gan_status status = gan_dataset_create(dataset, folder->context, &source, options, folder->count, size, NULL, NULL);
    if (status != GAN_OK) return status;
    (*dataset)->state = folder;
    (*dataset)->classes = gan_file_list_classes(&folder->list);
    (*dataset)->class_names = folder->class_names;
    (*dataset)->skipped = gan_file_list_count(&folder->list) - folder->count;
    return GAN_OK;
}

gan_status gan_dataset_open_folder_by(const gan_file_calls *calls, gan_dataset **dataset, gan_context *context,
                                      const char *path, const gan_dataset_options *given)
{
    if (!dataset) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_dataset_open_folder: dataset is NULL");
    *dataset = NULL;
    if (!context || !path)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_dataset_open_folder: %s is NULL",
                        context ? "path" : "context");
    gan_dataset_options options;
    gan_status status = gan_dataset_read_options(&options, given, GAN_DATASET_FOLDER);
    if (status != GAN_OK) return status;
    struct folder *folder = gan_context_allocate(context, 1, sizeof *folder, "a folder of pictures");
    if (!folder) return GAN_ERROR_OUT_OF_MEMORY;
    folder->context = context; /* the dataset keeps it alive */
    status = gan_file_list_read(&folder->list, context, calls, path);
    if (status == GAN_OK) status = find_size(folder, &options);
    if (status == GAN_OK) status = allocate(folder);
    if (status == GAN_OK) status = start_loader(folder, &options);
    if (status == GAN_OK) status = choose_files(folder, options.broken == GAN_BROKEN_SKIP);
    if (status == GAN_OK) status = make_dataset(dataset, folder, &options);
    if (status != GAN_OK) release(folder);
    return status;
}

gan_status gan_dataset_open_folder(gan_dataset **dataset, gan_context *context, const char *path,
                                   const gan_dataset_options *options)
{
    return gan_dataset_open_folder_by(&gan_system_files, dataset, context, path, options);
}
