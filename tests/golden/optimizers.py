# SPDX-License-Identifier: BSD-2-Clause
"""Writes optimizer_*.safetensors: each is what one of PyTorch's optimizers makes of a row of weights, in float64.

usage: optimizers.py FOLDER

w0 [N] are the weights before the first step, gradient [STEPS, N] the gradients of the steps, w [STEPS, N] the weights
after each. Settings are rounded to float32 first, as libgan has them. Gradients have scales from 1e-6 to 1e2, some are
always zero, some from one step on, and in some columns all signs are one."""
import json
import struct
import sys

import numpy
import torch

N, STEPS = 67, 8

CASES = {
    "sgd": (torch.optim.SGD, dict(lr=0.05)),
    "sgd_momentum": (torch.optim.SGD, dict(lr=0.05, momentum=0.9)),
    "sgd_nesterov": (torch.optim.SGD, dict(lr=0.05, momentum=0.5, nesterov=True)),
    "rmsprop": (torch.optim.RMSprop, dict(lr=0.01, alpha=0.99, eps=1e-8)),
    "rmsprop_momentum": (torch.optim.RMSprop, dict(lr=5e-5, alpha=0.9, eps=1e-6, momentum=0.9)),
    "rmsprop_centered": (torch.optim.RMSprop, dict(lr=0.01, alpha=0.8, eps=1e-3, centered=True)),
    "rmsprop_both": (torch.optim.RMSprop, dict(lr=0.01, alpha=0.8, eps=1e-3, momentum=0.5, centered=True)),
    "adam": (torch.optim.Adam, dict(lr=2e-4, beta1=0.5, beta2=0.999, eps=1e-8)),
    "adam_zero_beta1": (torch.optim.Adam, dict(lr=2e-4, beta1=0.0, beta2=0.9, eps=1e-8)),
    "adam_amsgrad": (torch.optim.Adam, dict(lr=1e-3, beta1=0.9, beta2=0.5, eps=1e-8, amsgrad=True)),
    "adamw": (torch.optim.AdamW, dict(lr=1e-3, beta1=0.9, beta2=0.99, eps=1e-8, weight_decay=0.1)),
    "adamw_amsgrad": (torch.optim.AdamW, dict(lr=0.01, beta1=0.5, beta2=0.5, eps=1e-4, weight_decay=0.01, amsgrad=True)),
}


def play(optimizer, settings, w0, gradients):
    settings = {name: value if isinstance(value, bool) else float(numpy.float32(value)) for name, value in settings.items()}
    if "beta1" in settings:
        settings["betas"] = (settings.pop("beta1"), settings.pop("beta2"))
    w = torch.tensor(w0.astype(numpy.float64), requires_grad=True)
    optimizer = optimizer([w], **settings)
    rows = []
    for gradient in gradients:
        w.grad = torch.tensor(gradient.astype(numpy.float64))
        optimizer.step()
        rows.append(w.detach().numpy().copy())
    return numpy.stack(rows).astype(numpy.float32)


def write(path, tensors, metadata):
    header, data = {"__metadata__": metadata}, b""
    for name, array in tensors.items():
        begin, data = len(data), data + array.tobytes()
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def main():
    random = numpy.random.default_rng(4)
    w0 = (random.normal(size=N) * 10.0 ** random.uniform(-2, 0, size=N)).astype(numpy.float32)
    scale = 10.0 ** random.uniform(-6, 2, size=N)
    gradients = random.normal(size=(STEPS, N)) * scale
    gradients[:, :3] = 0
    gradients[3:, 3:6] = 0
    gradients[:, 6:10] = numpy.abs(gradients[:, 6:10])
    gradients = gradients.astype(numpy.float32)
    for name, (optimizer, settings) in CASES.items():
        w = play(optimizer, settings, w0, gradients)
        metadata = {key: repr(int(value) if isinstance(value, bool) else value) for key, value in settings.items()}
        tensors = {"w0": w0, "gradient": gradients, "w": w}
        write(f"{sys.argv[1]}/optimizer_{name}.safetensors", tensors, metadata)


main()
