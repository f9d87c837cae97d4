/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_IMAGE_IMAGE_H
#define GAN_IMAGE_IMAGE_H

#include "tensor/tensor.h"

#include <gan/image.h>

/* How pictures lie in a grid. */
typedef struct gan_grid {
    const gan_tensor *images;
    int columns, rows;
    int scale, gap, background;
    int quality;                 /* 0: the default */
    int width, height, channels; /* of the whole */
} gan_grid;

/* Row y of the grid: width * channels bytes. */
void gan_grid_row(const gan_grid *grid, int y, unsigned char *row);

/* The grid as a PNG or a JPEG file in memory, a GAN_UINT8 tensor [bytes]. */
gan_status gan_png_encode(gan_tensor **png, const gan_grid *grid);
gan_status gan_jpeg_encode(gan_tensor **jpeg, const gan_grid *grid);

#endif
