/* SPDX-License-Identifier: BSD-2-Clause */
#include <gan/gan.h>
#include <stdio.h>
#include <string.h>

/* For checkpoint_file.py: "write FILE" trains a little and saves, "read FILE" goes on from a file and saves it again. */

static int fail(void)
{
    fprintf(stderr, "%s\n", gan_last_error());
    return 1;
}

static gan_status step(gan_session *session, gan_dataset *data, gan_context *context, int count)
{
    gan_tensor *images;
    gan_status status = gan_tensor_create(&images, context, GAN_FLOAT32, GAN_SHAPE(4, 16, 16, 3));
    for (int i = 0; status == GAN_OK && i < count; i++) {
        status = gan_dataset_next(data, images, NULL);
        if (status == GAN_OK) status = gan_session_step(session, images, NULL);
    }
    gan_tensor_free(&images);
    return status;
}

int main(int argc, char **argv)
{
    gan_context *context = NULL;
    gan_session *session = NULL;
    gan_dataset *data = NULL;
    if (argc != 3) return 2;
    bool writes = strcmp(argv[1], "write") == 0;
    gan_status status = gan_context_create(&context, gan_context_options(.seed = UINT64_C(0xfedcba9876543210)));
    if (status == GAN_OK) status = gan_dataset_create_synthetic(&data, context, gan_dataset_options(.count = 100));
    if (status == GAN_OK)
        status = writes
                     ? gan_zoo_session(&session, context, gan_zoo_options(.recipe = "r3gan", .pixels = 16, .width = 2))
                     : gan_checkpoint_load(&session, context, data, argv[2], NULL);
    if (status == GAN_OK) status = step(session, data, context, writes ? 7 : 3);
    if (status == GAN_OK)
        status = gan_checkpoint_save(session, data, argv[2],
                                     gan_checkpoint_options(.metric_name = "fid", .metric = 0.1, .note = "a note"));
    gan_session_free(&session);
    gan_dataset_free(&data);
    gan_context_free(&context);
    return status == GAN_OK ? 0 : fail();
}
