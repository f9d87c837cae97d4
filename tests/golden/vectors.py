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
    """safetensors: 8 bytes of header length, a JSON header, the data. Whole numbers are I64, others F32."""
    header, data = {"__metadata__": {key: str(value) for key, value in settings.items()}}, b""
    for key, tensor in tensors.items():
        whole = tensor.dtype == torch.int64
        values = tensor.detach() if whole else tensor.detach().to(torch.float32)
        raw = struct.pack(f"<{values.numel()}{'q' if whole else 'f'}", *values.flatten().tolist())
        header[key] = {"dtype": "I64" if whole else "F32", "shape": list(values.shape),
                       "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (pathlib.Path(folder) / f"{name}.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


def numbers(*shape, scale=1.0, mean=0.0):
    """Numbers that float32 holds exactly."""
    return (mean + scale * torch.randn(*shape)).to(torch.float32).to(torch.float64).requires_grad_()


def gradients(result, weights, by):
    """Of sum(result * weights), zeros where it does not depend."""
    of_nothing = sum(0 * x.sum() for x in by)
    return torch.autograd.grad((result * weights).sum() + of_nothing, by, create_graph=True)


def layer(name, function, inputs, parameters={}, buffers={}, **settings):
    """A layer's file: the inputs x (or x0, x1, ..), the parameters, y, dy, and the gradients dNAME of sum(y * dy) by
    each NAME of them; then directions tx (or tx0, ..), the tangent ty of y, a dty, and the gradients ddNAME of
    sum(ty * dty). function(*inputs, *parameters.values()) is the layer. Buffers are what the layer begins with."""
    names = ["x"] if len(inputs) == 1 else [f"x{i}" for i in range(len(inputs))]
    everything = [*inputs, *parameters.values()]
    y = function(*everything)
    dy, dty = numbers(*y.shape), numbers(*y.shape)
    directions = [numbers(*x.shape) for x in inputs]
    tensors = {**dict(zip(names, inputs)), **parameters, **buffers, "y": y, "dy": dy}
    for key, gradient in zip([*names, *parameters], gradients(y, dy, everything)):
        tensors["d" + key] = gradient
    # The sum of dty * ty is that of tx * (the gradient of sum(y * u) by x), at u = dty; and ty the derivative by u.
    u = dty.detach().clone().requires_grad_()
    product = sum((g * t).sum() for g, t in zip(gradients(y, u, inputs), directions))
    tensors.update({"t" + key: t for key, t in zip(names, directions)})
    tensors["ty"], tensors["dty"] = gradients(product, torch.ones(()), [u])[0], dty
    for key, gradient in zip([*names, *parameters], gradients(product, torch.ones(()), everything)):
        tensors["dd" + key] = gradient
    save(folder(), name, tensors, **settings)
