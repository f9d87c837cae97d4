/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_RESIZE_H
#define GAN_RESIZE_H

#include <gan/layer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Pictures of another size. gan/layer.h tells how layers are added; gan/pooling.h has what makes them smaller. */

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

typedef enum gan_pad_mode {
    GAN_PAD_ZERO = 0,   /* zeros */
    GAN_PAD_EDGE = 1,   /* the outermost pixel again: PyTorch's replicate */
    GAN_PAD_REFLECT = 2 /* mirrored at the outermost pixel, which is not repeated: PyTorch's reflect */
} gan_pad_mode;

/* A border (short name: pad), H,W,C -> top+H+bottom, left+W+right, C, with H, W and C at most 2^20:
 *     y[o,p,c] = x[o - top, p - left, c], and beyond the picture what the mode says.
 * In front of a convolution with GAN_PADDING_VALID it is that one's padding, as reflection for generators that paint up
 * to the border (Johnson, Alahi, Fei-Fei 2016; Zhu et al. 2017). GAN_ERROR_SHAPE: a mirrored border that is not smaller
 * than the picture. */
typedef struct gan_pad_options {
    size_t size;
    gan_node *input;
    const char *name;
    int top, bottom, left, right; /* pixels, 0..2^15, default 0 */
    int mode;                     /* a gan_pad_mode, default GAN_PAD_ZERO */
    int reserved;                 /* 0 */
} gan_pad_options;
GAN_API gan_node *gan_pad_layer(const gan_pad_options *options);

#ifdef __cplusplus
}

GAN_LAYER_CALL_(upsample, gan_upsample_options)
GAN_LAYER_CALL_(pixel_shuffle, gan_pixel_shuffle_options)
GAN_LAYER_CALL_(pixel_unshuffle, gan_pixel_shuffle_options)
GAN_LAYER_CALL_(pad, gan_pad_options)
#else
#define gan_upsample(...)        GAN_LAYER_CALL_(upsample, gan_upsample_options, __VA_ARGS__)
#define gan_pixel_shuffle(...)   GAN_LAYER_CALL_(pixel_shuffle, gan_pixel_shuffle_options, __VA_ARGS__)
#define gan_pixel_unshuffle(...) GAN_LAYER_CALL_(pixel_unshuffle, gan_pixel_shuffle_options, __VA_ARGS__)
#define gan_pad(...)             GAN_LAYER_CALL_(pad, gan_pad_options, __VA_ARGS__)
#endif

#endif
