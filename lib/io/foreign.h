/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_IO_FOREIGN_H
#define GAN_IO_FOREIGN_H

#include "network/feature_order.h"

#include <gan/weights.h>

/* The tensors of a network as another framework's files have them. What each layer's are is in its slots (gan_forms of
 * layer/layer.h); here are names, shapes and places of all of them. */

#define GAN_FOREIGN_NAME 256

typedef enum gan_foreign_kind {
    GAN_FOREIGN_VALUES, /* the variable's numbers */
    GAN_FOREIGN_COUNT,  /* its one number, as an integer */
    GAN_FOREIGN_VECTOR  /* of a spectrally normalized weight W: v = W' u / |W' u| */
} gan_foreign_kind;

typedef struct gan_foreign_tensor {
    gan_foreign_kind kind;
    const gan_variable *variable, *u; /* u: of a spectrally normalized weight, else NULL */
    char own_name[2 * GAN_NAME_SIZE], name[GAN_FOREIGN_NAME];
    const char *layer;
    int rank;
    int64_t shape[GAN_MAX_RANK];
    /* Of each dimension: from one number to the next in the variable, and the order of features. */
    int64_t stride[GAN_MAX_RANK];
    gan_feature_order order[GAN_MAX_RANK];
    int output_axis; /* where outputs are counted, when the weight is spectrally normalized */
} gan_foreign_tensor;

typedef struct gan_foreign_list {
    gan_context *context;
    gan_foreign_tensor *tensors;
    int count;
} gan_foreign_list;

/* Lists what a file has by these options, which are checked, defaults put in; their names and prefix as well. Errors as
 * gan_network_export_weights(). */
gan_status gan_foreign_make(gan_foreign_list *list, const gan_network *network, const gan_weights_options *options);
void gan_foreign_free(gan_foreign_list *list);

int64_t gan_foreign_elements(const gan_foreign_tensor *tensor);

/* Where in the variable the tensor's number `index` is. */
int64_t gan_foreign_place(const gan_foreign_tensor *tensor, int64_t index);

/* sum [number of weights / outputs] = W' u, as the tensor W counts them; returns its length, |W' u|. */
double gan_foreign_transposed_product(const gan_foreign_tensor *tensor, double *sum);

#endif
