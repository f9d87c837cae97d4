/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_WEIGHTS_H
#define GAN_WEIGHTS_H

#include <gan/network.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Weights to and from other frameworks, as safetensors files. docs/formats.md has tables of names and layouts, and the
 * lines of Python for the other side. These calls need the JSON library that libgan was built with
 * (gan_has_feature("json")): GAN_ERROR_UNSUPPORTED without. */

typedef enum gan_weights_layout {
    GAN_WEIGHTS_LIBGAN = 0,  /* names and tensors as in files by gan_network_save() */
    GAN_WEIGHTS_PYTORCH = 1, /* conv0.weight [O,I,H,W], linear0.weight [out,in], bn0.running_var, ...: a state_dict */
    GAN_WEIGHTS_KERAS = 2    /* conv0/kernel [H,W,I,O], linear0/kernel [in,out], bn0/moving_variance, ... */
} gan_weights_layout;

/* What something is called in the file. `name` is a parameter or buffer ("conv0.weight"), whose whole name file_name
 * then is, or a layer ("conv0"), in the place of whose name file_name then stands: {"conv0", "features.0"} makes
 * conv0.bias features.0.bias. */
typedef struct gan_weight_name {
    const char *name, *file_name;
} gan_weight_name;

typedef struct gan_weights_options {
    size_t size;
    const gan_weight_name *names; /* name_count of them, none twice; what is not among them keeps its usual name */
    const char *prefix;           /* before all names in the file: "generator."; default none */
    int layout;                   /* a gan_weights_layout */
    int name_count;               /* 0..10000, default 0 */
    bool allow_extra;             /* import: tensors that no parameter has are no error */
    bool channels_last;           /* PyTorch: the other side flattens pictures as libgan does, [H,W,C] */
    int reserved;                 /* 0 */
} gan_weights_options;
#ifndef __cplusplus
#define gan_weights_options(...) (&(gan_weights_options){.size = sizeof(gan_weights_options), __VA_ARGS__})
#endif

/* Writes all parameters and buffers of a built network, under the names and in the layout that the options ask for
 * (NULL for the defaults), whole or not at all.
 *
 * PyTorch flattens a picture as [C,H,W]. So what is numbered along a flattened picture (the inputs of a linear layer
 * after it, the outputs of one that a picture is made of, a batch norm between) is put into that order. Spectrally
 * normalized weights are weight_orig, weight_u and weight_v, as torch.nn.utils.spectral_norm has them; for Keras,
 * whose SpectralNormalization keeps the normalized weight, they are divided by their largest singular value.
 *
 * GAN_ERROR_INVALID_ARGUMENT: a NULL, options out of range, a name that is none of the network's or is there twice, two
 * tensors of one name in the file. GAN_ERROR_STATE: not built. GAN_ERROR_UNSUPPORTED: a network whose layers mix
 * flattened pictures and other things so that PyTorch's order cannot be told; channels_last is the way out.
 * GAN_ERROR_IO: the sentence has the system's reason, and an older file of this name is as it was.
 * GAN_ERROR_OUT_OF_MEMORY. */
GAN_API gan_status gan_network_export_weights(const gan_network *network, const char *path,
                                              const gan_weights_options *options);

/* Reads such a file, by libgan or by others, into a built network; nothing is changed on failure. Numbers may be F32,
 * F64, F16 or BF16; those of more digits are rounded. A file need not have what has no part in a layer's result:
 * num_batches_tracked (the network then takes its running averages for those of many batches) and weight_v. Errors as
 * above, and GAN_ERROR_FORMAT: the file is damaged, a tensor is missing, has another shape, or is one too many; the
 * sentence names it. With a prefix, only tensors that begin with it are looked at. */
GAN_API gan_status gan_network_import_weights(gan_network *network, const char *path,
                                              const gan_weights_options *options);

#ifdef __cplusplus
}
#endif
#endif
