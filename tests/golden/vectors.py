# SPDX-License-Identifier: BSD-2-Clause
"""What scripts that write golden vectors share: numbers, in float64 by PyTorch, and files of them."""
import json
import pathlib
import struct
import sys

import torch

torch.set_default_dtype(torch.float64)


def folder():
    """The first argument, or the scripts' own."""
    return pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent


def save(folder, name, tensors, **settings):
    """safetensors: 8 bytes of header length, a JSON header, the data."""
    header, data = {"__metadata__": {key: str(value) for key, value in settings.items()}}, b""
    for key, tensor in tensors.items():
        values = tensor.detach().to(torch.float32).contiguous()
        raw = struct.pack(f"<{values.numel()}f", *values.flatten().tolist())
        header[key] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (pathlib.Path(folder) / f"{name}.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


def numbers(*shape, scale=1.0, mean=0.0):
    """Numbers that float32 holds exactly."""
    return (mean + scale * torch.randn(*shape)).to(torch.float32).to(torch.float64).requires_grad_()


def layer(folder, name, function, tensors, inputs=("x",), **settings):
    """A layer's file: x, the parameters and perhaps a condition give y; dy gives dx and the parameters' gradients. v is
    a direction of x (and vcondition one of the condition), ty the derivative of y in it, and d2x, d2gamma, ... are the
    gradients of the sum of dy * ty. function: of the tensors in their order; those of `inputs` have directions."""
    arguments = list(tensors.values())
    y = function(*arguments)
    dy = numbers(*y.shape)
    gradients = torch.autograd.grad(y, arguments, dy, create_graph=True)
    tensors = dict(tensors, y=y, dy=dy)
    tensors.update({"d" + key: value for key, value in zip(tensors, gradients)})
    # The derivative in a direction, as that of a gradient by what it is multiplied with.
    weight = torch.ones_like(y, requires_grad=True)
    moved = torch.autograd.grad(y, [tensors[key] for key in inputs], weight, create_graph=True)
    directions = [numbers(*value.shape) for value in moved]
    along = sum((value * direction).sum() for value, direction in zip(moved, directions))
    (ty,) = torch.autograd.grad(along, weight, create_graph=True)
    second = torch.autograd.grad((ty * dy.detach()).sum(), arguments, allow_unused=True)
    for key, direction in zip(inputs, directions):
        tensors["v" if key == "x" else "v" + key] = direction
    tensors["ty"] = ty
    for key, argument, value in zip(list(tensors), arguments, second):
        tensors["d2" + key] = torch.zeros_like(argument) if value is None else value
    save(folder, name, tensors, **settings)
