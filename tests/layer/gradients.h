/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_LAYER_GRADIENTS_H
#define TESTS_LAYER_GRADIENTS_H

#include "support.h"

/* A network with a training run, random inputs, and the objective: the sum over all outputs of y * r for fixed random
 * r. */
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

/* Every gradient agrees with central differences of the objective. Where the two one-sided differences disagree there
 * is a kink; such places are left out, and are few. */
void check_differences(subject *subject);

/* Each want-mask computes what it names, as both together do, bit for bit, and leaves the rest alone. Parameter
 * gradients add up. */
void check_wants(subject *subject);

/* The bits of all outputs and gradients as one number. */
uint64_t fingerprint(subject *subject);

/* Second derivatives: gives the subject a run with tangents, and random directions of its inputs. */
void use_tangents(subject *subject);

/* Forward, and output 0's tangent. Then also the gradient of the sum of r * that tangent. */
void push_tangent(subject *subject);
void tangent_backward(subject *subject, unsigned want);

/* The tangent agrees with differences of the output, its gradients with differences of the tangent; want-masks as
 * above. */
void check_tangent(subject *subject);
void check_second_differences(subject *subject);
void check_second_wants(subject *subject);
uint64_t second_fingerprint(subject *subject);

#endif
