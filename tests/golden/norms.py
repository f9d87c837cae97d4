#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes one file a layer of gan/norm.h into this folder, in float64 by PyTorch's own functions and autograd. Needs
python3-torch (1.13). The same files come out every time.

usage: norms.py [FOLDER]

The formulas are written out, and their y is held to PyTorch's own functions: a third derivative, which ddx is for
autograd, PyTorch 1.13 gets wrong for its batch and layer norms, where it takes the saved statistics for constants."""
import torch
import torch.nn.functional as F

from vectors import layer, numbers

torch.manual_seed(20170801)


def affine(c):
    return {"gamma": numbers(c, mean=1.0, scale=0.5), "beta": numbers(c)}


def images_first(function, x, *rest, **settings):
    """Of images as PyTorch has them, from images as libgan has them."""
    return function(x.permute(0, 3, 1, 2), *rest, **settings).permute(0, 2, 3, 1)


def normalized(x, dimensions, epsilon):
    mean = x.mean(dimensions, keepdim=True)
    return (x - mean) / ((x - mean).square().mean(dimensions, keepdim=True) + epsilon).sqrt()


def agrees(y, expected):
    assert torch.allclose(y, expected, rtol=1e-9, atol=1e-9)
    return y


def layer_norm(x, gamma, beta):
    y = normalized(x, (1, 2, 3), 1e-5)
    return agrees(y, F.layer_norm(x, x.shape[1:], eps=1e-5)) * gamma + beta


def layer_norm_last(x, gamma, beta):
    return agrees(normalized(x, 3, 0.01) * gamma + beta, F.layer_norm(x, x.shape[3:], gamma, beta, eps=0.01))


def instance_norm(x, gamma, beta):
    y = normalized(x, (1, 2), 1e-5) * gamma + beta
    return agrees(y, images_first(F.instance_norm, x, None, None, gamma, beta, eps=1e-5))


def group_norm(groups):
    def norm(x, *affine):
        n, h, w, c = x.shape
        y = normalized(x.reshape(n, h, w, groups, c // groups), (1, 2, 4), 1e-5).reshape(x.shape)
        y = y * affine[0] + affine[1] if affine else y
        return agrees(y, images_first(F.group_norm, x, groups, *affine, eps=1e-5))
    return norm


def pixel_norm(x):
    return x / (x.square().mean(-1, keepdim=True) + 1e-8).sqrt()


def film(x, condition, gamma, beta):
    return x * (1 + condition @ gamma)[:, None, None] + (condition @ beta)[:, None, None]


def conditional_batch_norm(x, condition, gamma, beta):
    y = normalized(x, (0, 1, 2), 1e-3)
    return film(agrees(y, images_first(F.batch_norm, x, None, None, training=True, eps=1e-3)), condition, gamma, beta)


classes = F.one_hot(torch.tensor([2, 0, 2]), 4).double().requires_grad_()
layer("layer_norm", layer_norm, [numbers(3, 4, 2, 5, scale=2.0, mean=1.0)], affine(5))
layer("layer_norm_last", layer_norm_last, [numbers(2, 4, 3, 5)], affine(5), last_dimension=1, epsilon=0.01)
layer("instance_norm", instance_norm, [numbers(3, 4, 3, 5, mean=-1.0)], affine(5))
layer("group_norm", group_norm(3), [numbers(3, 2, 3, 12)], affine(12), groups=3)
layer("group_norm_plain", group_norm(2), [numbers(2, 2, 3, 6)], groups=2, no_affine=1)
layer("pixel_norm", pixel_norm, [numbers(2, 3, 2, 7)])
layer("film", film, [numbers(3, 2, 3, 5), numbers(3, 4)], {"gamma": numbers(4, 5), "beta": numbers(4, 5)})
layer("conditional_batch_norm", conditional_batch_norm, [numbers(3, 2, 3, 5), classes],
      {"gamma": numbers(4, 5), "beta": numbers(4, 5)})
