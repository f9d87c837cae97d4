/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/picture.h"
#include "core/file.h"
#include "tensor/tensor.h"

#include <gan/image.h>
#include <string.h>

static const struct {
    const char *mark;
    size_t length;
    gan_status (*decode)(gan_picture *picture, gan_context *context, const unsigned char *data, size_t size,
                         const char *name);
} kinds[] = {
    {"\x89PNG\r\n\x1a\n", 8, gan_png_decode},
    {"\xff\xd8\xff", 3, gan_jpeg_decode},
};

gan_status gan_picture_decode(gan_picture *picture, gan_context *context, const unsigned char *data, size_t size,
                              const char *name)
{
    *picture = (gan_picture){0};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (size >= kinds[i].length && memcmp(data, kinds[i].mark, kinds[i].length) == 0)
            return kinds[i].decode(picture, context, data, size, name);
    char text[GAN_PATH_TEXT];
    return gan_fail(GAN_ERROR_FORMAT, "%s is neither a PNG nor a JPEG picture", gan_path_text(text, name));
}

void gan_picture_release(gan_picture *picture, gan_context *context)
{
    gan_context_release(context, picture->bytes);
    *picture = (gan_picture){0};
}

gan_status gan_picture_check(int64_t height, int64_t width, const char *name)
{
    char text[GAN_PATH_TEXT];
    if (height > GAN_PICTURE_SIDE || width > GAN_PICTURE_SIDE || height * width > GAN_PICTURE_PIXELS)
        return gan_fail(GAN_ERROR_FORMAT, "%s has %lld x %lld pixels; at most %d a side and %lld in all are read",
                        gan_path_text(text, name), (long long)height, (long long)width, GAN_PICTURE_SIDE,
                        (long long)GAN_PICTURE_PIXELS);
    return GAN_OK;
}

static void release_bytes(void *context, void *bytes)
{
    gan_context_release(context, bytes);
}

static gan_status decode(gan_tensor **image, gan_context *context, const unsigned char *data, size_t size,
                         const char *name)
{
    gan_picture picture;
    gan_status status = gan_picture_decode(&picture, context, data, size, name);
    if (status != GAN_OK) return status;
    status = gan_tensor_wrap(image, context, GAN_UINT8, 3, (int64_t[]){picture.height, picture.width, picture.channels},
                             picture.bytes, release_bytes, context);
    if (status != GAN_OK) gan_picture_release(&picture, context);
    return status;
}

gan_status gan_image_decode(gan_tensor **image, gan_context *context, const void *data, size_t size)
{
    if (!image) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_image_decode: image is NULL");
    *image = NULL;
    if (!context || !data)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_image_decode: %s is NULL", context ? "data" : "context");
    return decode(image, context, data, size, "the picture");
}

gan_status gan_image_read(gan_tensor **image, gan_context *context, const char *path)
{
    if (!image) return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_image_read: image is NULL");
    *image = NULL;
    if (!context || !path)
        return gan_fail(GAN_ERROR_INVALID_ARGUMENT, "gan_image_read: %s is NULL", context ? "path" : "context");
    unsigned char *data;
    size_t size;
    gan_status status = gan_file_read(path, &context->allocator, GAN_PICTURE_FILE_BYTES, &data, &size);
    if (status != GAN_OK) return status;
    status = decode(image, context, data, size, path);
    gan_context_release(context, data);
    return status;
}
