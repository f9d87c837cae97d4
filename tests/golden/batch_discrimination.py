#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes minibatch_*.safetensors into this folder: the layers of gan/batch_discrimination.h from their papers' formulas,
in float64 with PyTorch's autograd. Needs python3-torch (1.13). The same files come out every time.

usage: batch_discrimination.py [FOLDER]"""
import torch

from vectors import layer, numbers

torch.manual_seed(20160610)


def discrimination(x, w):
    """Salimans et al. 2016, section 3.2. w [A, C, B]; distances without torch.cdist, to keep them plain."""
    m = torch.einsum("na,acb->ncb", x, w)
    distances = (m[:, None] - m[None, :]).abs().sum(2)
    return torch.cat([x, torch.exp(-distances).sum(1)], 1)


def deviation(group_size, features):
    """As in StyleGAN, of pictures with the channels last."""
    def stddev(x):
        n, h, w, c = x.shape
        groups = max(1, n // group_size)
        y = torch.empty(n, features)
        for group in range(groups):
            members = x[group::groups]
            deviations = ((members - members.mean(0)).square().mean(0) + 1e-8).sqrt()
            y[group::groups] = deviations.reshape(h * w, features, c // features).mean((0, 2))
        return torch.cat([x, y[:, None, None, :].expand(n, h, w, features)], 3)
    return stddev


def stylegan(x):
    """The code of Karras et al. for a batch that group_size divides, against the above."""
    n, h, w, c = x.shape
    y = x.permute(0, 3, 1, 2).reshape(3, -1, 2, c // 2, h, w)
    y = ((y - y.mean(0)).square().mean(0) + 1e-8).sqrt().mean((2, 3, 4))
    y = y.reshape(-1, 2, 1, 1).repeat(3, 1, h, w).permute(0, 2, 3, 1)
    assert torch.allclose(torch.cat([x, y], 3), deviation(3, 2)(x), rtol=1e-12)
    return deviation(3, 2)(x)


layer("minibatch_discrimination", discrimination, [numbers(5, 6)], {"w": numbers(6, 2, 19, scale=0.3)}, kernels=19,
      dims=2)
layer("minibatch_stddev", stylegan, [numbers(6, 2, 3, 4)], group_size=3, features=2)
layer("minibatch_stddev_uneven", deviation(2, 1), [numbers(5, 3, 1, 5)], group_size=2)
layer("minibatch_stddev_one_group", deviation(4, 3), [numbers(3, 1, 2, 3)], features=3)
