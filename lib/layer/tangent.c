/* SPDX-License-Identifier: BSD-2-Clause */
#include "layer/tangent.h"

#include <string.h>

/* With its directions in place of its inputs and outputs, and without what only adds. */
static gan_layer_call of_directions(const gan_layer_call *call)
{
    gan_layer_call other = *call;
    memcpy(other.x, call->tx, sizeof other.x);
    other.y = call->ty;
    other.dy = call->dty;
    memcpy(other.dx, call->dtx, sizeof other.dx);
    for (int i = 0; i < call->layer->parameters; i++)
        if (call->layer->parameter[i].additive) {
            other.parameter[i] = NULL;
            other.gradient[i] = NULL;
        }
    return other;
}

void gan_tangent_linear(const gan_layer_call *call)
{
    gan_layer_call direction = of_directions(call);
    call->layer->type->forward(&direction);
}

void gan_tangent_linear_backward(const gan_layer_call *call)
{
    gan_layer_call direction = of_directions(call);
    call->layer->type->backward(&direction);
    if (call->dy) call->layer->type->backward(call);
}

void gan_tangent_symmetric(const gan_layer_call *call)
{
    gan_layer_call direction = *call;
    direction.dy = call->tx[0];
    direction.dx[0] = call->ty;
    call->layer->type->backward(&direction);
}

void gan_tangent_piecewise_backward(const gan_layer_call *call)
{
    gan_layer_call direction = *call;
    direction.dy = call->dty;
    memcpy(direction.dx, call->dtx, sizeof direction.dx);
    call->layer->type->backward(&direction);
    if (call->dy) call->layer->type->backward(call);
}
