/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_RESIZE_H
#define GAN_RESIZE_H

#include <gan/layer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Pictures in another resolution. gan/layer.h tells how layers are added; gan/pooling.h has what makes them smaller. */

typedef enum gan_interpolation {
    GAN_INTERPOLATION_NEAREST = 0, /* each pixel becomes factor_h x factor_w equal ones */
    GAN_INTERPOLATION_BILINEAR = 1 /* between pixel centres, beyond the outermost ones their value: PyTorch's
                                      align_corners=False, TensorFlow 2's resize */
} gan_interpolation;

/* H,W,C -> H*factor_h, W*factor_w, C. */
typedef struct gan_upsample_options {
    size_t size;
    gan_node *input;
    const char *name;
    int factor;             /* of height and width, 1.., default 2 */
    int factor_h, factor_w; /* where the two differ */
    int interpolation;      /* a gan_interpolation, default GAN_INTERPOLATION_NEAREST */
} gan_upsample_options;
GAN_API gan_node *gan_upsample_layer(const gan_upsample_options *options);

/* Which of the C*block*block channels becomes channel c of the pixel at row a and column b of a block. */
typedef enum gan_shuffle_order {
    GAN_SHUFFLE_CHANNELS_FIRST = 0, /* (c * block + a) * block + b: PyTorch's pixel_shuffle, ONNX's mode CRD */
    GAN_SHUFFLE_BLOCKS_FIRST = 1    /* (a * block + b) * C + c: TensorFlow's depth_to_space, ONNX's mode DCR */
} gan_shuffle_order;

/* H,W,C*block*block -> H*block, W*block, C: the channels of a pixel as a block of pixels (sub-pixel convolution, Shi et
 * al. 2016). Networks learn either order as well; the second moves longer pieces of memory. */
typedef struct gan_pixel_shuffle_options {
    size_t size;
    gan_node *input;
    const char *name;
    int block; /* 1.., default 2; its square divides the channels */
    int order; /* a gan_shuffle_order, default GAN_SHUFFLE_CHANNELS_FIRST */
} gan_pixel_shuffle_options;
GAN_API gan_node *gan_pixel_shuffle_layer(const gan_pixel_shuffle_options *options);

/* Its inverse, H*block, W*block, C -> H,W,C*block*block: pixel_unshuffle, space_to_depth. The block divides H and W. */
GAN_API gan_node *gan_pixel_unshuffle_layer(const gan_pixel_shuffle_options *options);

#ifdef __cplusplus
}

GAN_LAYER_CALL_(upsample, gan_upsample_options)
GAN_LAYER_CALL_(pixel_shuffle, gan_pixel_shuffle_options)
GAN_LAYER_CALL_(pixel_unshuffle, gan_pixel_shuffle_options)
#else
#define gan_upsample(...)        GAN_LAYER_CALL_(upsample, gan_upsample_options, __VA_ARGS__)
#define gan_pixel_shuffle(...)   GAN_LAYER_CALL_(pixel_shuffle, gan_pixel_shuffle_options, __VA_ARGS__)
#define gan_pixel_unshuffle(...) GAN_LAYER_CALL_(pixel_unshuffle, gan_pixel_shuffle_options, __VA_ARGS__)
#endif

#endif
