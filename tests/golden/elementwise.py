#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes LAYER*.safetensors of the layers that work element by element into this folder, in float64 by PyTorch's own
functions and autograd. Needs python3-torch (1.13). The same files come out every time.

A file holds the inputs x (or x0, x1, ..), the parameters, y, dy, and the gradients dNAME of sum(y * dy) by each NAME of
them; then directions tx (or tx0, ..), the tangent ty of y, a dty, and the gradients ddNAME of sum(ty * dty).

usage: elementwise.py [FOLDER]"""
import json
import pathlib
import struct
import sys

import torch
import torch.nn.functional as F

folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
torch.manual_seed(20241124)


def save(name, tensors, settings):
    """safetensors: 8 bytes of header length, a JSON header, the data."""
    header, data = {"__metadata__": {key: str(value) for key, value in settings.items()}}, b""
    for key, tensor in tensors.items():
        values = tensor.detach().to(torch.float32).contiguous()
        raw = struct.pack(f"<{values.numel()}f", *values.flatten().tolist())
        header[key] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (folder / f"{name}.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


def numbers(*shape, scale=1.0):
    """Numbers that float32 holds exactly, in float64."""
    return (scale * torch.randn(*shape)).to(torch.float32).to(torch.float64).requires_grad_()


def gradients(result, weights, by):
    """Of sum(result * weights), zeros where it does not depend."""
    found = torch.autograd.grad((result * weights).sum(), by, create_graph=True, allow_unused=True)
    return [torch.zeros_like(x) if g is None else g for g, x in zip(found, by)]


def layer(name, function, inputs, parameters={}, **settings):
    """function(*inputs, *parameters.values()) is the layer."""
    names = ["x"] if len(inputs) == 1 else [f"x{i}" for i in range(len(inputs))]
    everything = [*inputs, *parameters.values()]
    y = function(*everything)
    dy, dty = numbers(*y.shape), numbers(*y.shape)
    directions = [numbers(*x.shape) for x in inputs]
    tensors = {**dict(zip(names, inputs)), **parameters, "y": y, "dy": dy}
    for key, gradient in zip([*names, *parameters], gradients(y, dy, everything)):
        tensors["d" + key] = gradient
    # The sum of dty * ty is that of tx * (the gradient of sum(y * u) by x), at u = dty; and ty the derivative by u.
    u = dty.detach().clone().requires_grad_()
    product = sum((g * t).sum() for g, t in zip(gradients(y, u, inputs), directions))
    tensors.update({"t" + key: t for key, t in zip(names, directions)})
    tensors["ty"], tensors["dty"] = gradients(product, torch.ones(()), [u])[0], dty
    for key, gradient in zip([*names, *parameters], gradients(product, torch.ones(()), everything)):
        tensors["dd" + key] = gradient
    save(name, tensors, settings)


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
