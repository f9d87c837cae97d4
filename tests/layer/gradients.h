/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_LAYER_GRADIENTS_H
#define TESTS_LAYER_GRADIENTS_H

#include "support.h"

/* A network with a training run, random inputs, and the objective: the sum over all outputs of y * r for fixed random
 * r. That its derivatives are right is gan_check_network()'s to say. */
typedef struct subject {
    gan_context *context;
    gan_network *network;
    gan_run *run;
    int64_t batch;
    gan_tensor *input[GAN_MAX_INPUTS], *r[GAN_MAX_INPUTS];
    gan_tensor *v[GAN_MAX_INPUTS]; /* directions, of use_tangents() */
    bool is_class[GAN_MAX_INPUTS]; /* of fill_classes() */
} subject;

/* Takes the network, which is built, and frees it in free_subject(). Parameters and inputs become random numbers. */
subject new_subject(gan_context *context, gan_network *network, int64_t batch);
void free_subject(subject *subject);

/* Makes an input numbers of classes, 0 .. classes - 1. Nothing moves it, and its gradients are zeros. */
void fill_classes(subject *subject, int input, int classes);

void forward(subject *subject);

/* Forward, and the objective's gradient to the inputs and parameters that `want` names. */
void backward(subject *subject, unsigned want);

/* The bits of all outputs and gradients as one number. */
uint64_t fingerprint(subject *subject);

/* Second derivatives: gives the subject a run with tangents, and random directions of its inputs. */
void use_tangents(subject *subject);

/* Forward, and output 0's tangent. Then also the gradient of the sum of r * that tangent. */
void push_tangent(subject *subject);
void tangent_backward(subject *subject, unsigned want);

uint64_t second_fingerprint(subject *subject);

#endif
