/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a file of NumPy's and writes what it has read: numpy_files.py. */
#include <gan/gan.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    gan_context *context;
    gan_tensor *tensor = NULL;
    if (argc != 3 || gan_context_create(&context, NULL) != GAN_OK) return 2;
    gan_status status = gan_tensor_read_npy(&tensor, context, argv[1]);
    if (status == GAN_OK) status = gan_tensor_write_npy(argv[2], tensor);
    if (status != GAN_OK) printf("%s\n", gan_last_error());
    gan_tensor_free(&tensor);
    gan_context_free(&context);
    return status == GAN_OK ? 0 : 1;
}
