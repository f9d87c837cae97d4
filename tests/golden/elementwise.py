#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes LAYER*.safetensors of the layers that work element by element into this folder, in float64 by PyTorch's own
functions and autograd. Needs python3-torch (1.13). The same files come out every time.

usage: elementwise.py [FOLDER]"""
import torch
import torch.nn.functional as F

from vectors import layer, numbers

torch.manual_seed(20241124)


def wide(*shape):
    """Also some numbers far out."""
    x = numbers(*shape, scale=2.0)
    with torch.no_grad():
        x.flatten()[:7] = torch.tensor([-200.0, -30.0, -12.5, -6.0, 6.0, 9.0, 12.5])
    return x


layer("elu", lambda x: F.elu(x), [wide(3, 5, 2, 3)])
layer("elu_alpha", lambda x: F.elu(x, alpha=0.25), [wide(4, 11)], alpha=0.25)
layer("silu", F.silu, [wide(3, 5, 2, 3)])
layer("gelu", F.gelu, [wide(3, 5, 2, 3)])
layer("gelu_approximate", lambda x: F.gelu(x, approximate="tanh"), [wide(3, 5, 2, 3)], approximate=1)
layer("softplus", F.softplus, [wide(3, 5, 2, 3)])
layer("prelu", lambda x, a: F.prelu(x.permute(0, 3, 1, 2), a).permute(0, 2, 3, 1), [numbers(3, 4, 2, 5)],
      {"slope": numbers(5)})
layer("prelu_shared", F.prelu, [numbers(4, 7)], {"slope": numbers(1)}, shared=1)
layer("scale", torch.mul, [numbers(3, 4, 2, 5)], {"gamma": numbers(1)})
layer("scale_per_channel", torch.mul, [numbers(3, 4, 2, 5)], {"gamma": numbers(5)}, per_channel=1)
layer("multiply_2", torch.mul, [numbers(3, 4, 5), numbers(3, 4, 5)])
layer("multiply_4", lambda a, b, c, d: a * b * c * d, [numbers(3, 7) for _ in range(4)])
layer("sum_channels", lambda x: x.sum(-1, keepdim=True), [numbers(3, 4, 2, 5)])
layer("broadcast_pixels", lambda x: x.expand(3, 4, 2, 5), [numbers(3, 1, 1, 5)], height=4, width=2, channels=5)
layer("broadcast_channels", lambda x: x.expand(3, 4, 2, 5), [numbers(3, 4, 2, 1)], height=4, width=2, channels=5)
layer("broadcast_rows", lambda x: x.expand(3, 4, 2, 5), [numbers(3, 4, 1, 5)], height=4, width=2, channels=5)
layer("broadcast_vector", lambda x: x[:, None, None].expand(3, 4, 2, 5), [numbers(3, 5)], height=4, width=2, channels=5)
