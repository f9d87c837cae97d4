#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes loss_*.safetensors into this folder: each loss of gan/loss.h with its gradients, in float64 by PyTorch's own
functions and autograd. Needs python3-torch (1.13). The same files come out every time.

usage: losses.py [FOLDER]"""
import json
import pathlib
import struct
import sys

import torch
import torch.nn.functional as F

folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
torch.manual_seed(20240611)


def save(name, tensors, **settings):
    """safetensors: 8 bytes of header length, a JSON header, the data."""
    header, data = {"__metadata__": {key: str(value) for key, value in settings.items()}}, b""
    for key, tensor in tensors.items():
        values = tensor.detach().to(torch.float32).contiguous()
        raw = struct.pack(f"<{values.numel()}f", *values.flatten().tolist())
        header[key] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (folder / f"loss_{name}.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


def numbers(*shape, scale=2.0):
    """Numbers that float32 holds exactly, in float64."""
    return (scale * torch.randn(*shape)).to(torch.float32).to(torch.float64).requires_grad_()


def bce(x, target):
    return F.binary_cross_entropy_with_logits(x, torch.full_like(x, target))


def mse(x, target):
    return F.mse_loss(x, torch.full_like(x, target))


def relativistic(element):
    """(upper, lower) -> loss of batches that shall be above and below each other's mean."""
    return lambda upper, lower: element(upper - lower.mean(), True) + element(lower - upper.mean(), False)


ra_logistic = relativistic(lambda x, above: bce(x, 1.0 if above else 0.0))
ra_squares = relativistic(lambda x, above: mse(x, 1.0 if above else -1.0))
ra_hinge = relativistic(lambda x, above: F.relu(1 - x if above else 1 + x).mean())


def pairing(upper, lower):
    return F.softplus(lower - upper).mean()


# name: D's loss of (real, fake, a, b), where a and b are the targets; G's of (real, fake)
losses = {
    "non_saturating": (lambda r, f, a, b: bce(r, a) + bce(f, b), lambda r, f: bce(f, 1.0)),
    "saturating": (lambda r, f, a, b: bce(r, a) + bce(f, b), lambda r, f: F.logsigmoid(-f).mean()),
    "least_squares": (lambda r, f, a, b: 0.5 * mse(r, a) + 0.5 * mse(f, b), lambda r, f: 0.5 * mse(f, 1.0)),
    "hinge": (lambda r, f, a, b: F.relu(1 - r).mean() + F.relu(1 + f).mean(), lambda r, f: -f.mean()),
    "wasserstein": (lambda r, f, a, b: f.mean() - r.mean(), lambda r, f: -f.mean()),
    "relativistic_average": (lambda r, f, a, b: ra_logistic(r, f), lambda r, f: ra_logistic(f, r)),
    "relativistic_average_least_squares": (lambda r, f, a, b: ra_squares(r, f), lambda r, f: ra_squares(f, r)),
    "relativistic_average_hinge": (lambda r, f, a, b: ra_hinge(r, f), lambda r, f: ra_hinge(f, r)),
    "relativistic_pairing": (lambda r, f, a, b: pairing(r, f), lambda r, f: pairing(f, r)),
}


def adversarial(name, suffix="", a=1.0, b=0.0):
    real, fake = numbers(13), numbers(13)
    with torch.no_grad():  # logits at which a naive formula overflows in float32
        real[3], fake[5], fake[6] = -130.0, 120.0, -200.0
    d_loss = losses[name][0](real, fake, a, b)
    real_gradient, fake_gradient = torch.autograd.grad(d_loss, (real, fake))
    g_loss = losses[name][1](real, fake)
    (g_gradient,) = torch.autograd.grad(g_loss, fake)
    tensors = {"real": real, "fake": fake, "d_loss": d_loss.reshape(1), "d_real_gradient": real_gradient,
               "d_fake_gradient": fake_gradient, "g_loss": g_loss.reshape(1), "g_fake_gradient": g_gradient}
    save(name + suffix, tensors, loss=name, real_target=a, fake_target=b)


for loss in losses:
    adversarial(loss)
adversarial("non_saturating", "_one_sided", a=0.875)
adversarial("saturating", "_two_sided", a=0.875, b=0.0625)
adversarial("least_squares", "_two_sided", a=0.75, b=0.125)

logits, labels, weight = numbers(9, 10), torch.tensor([0, 9, 3, 3, 7, 1, 2, 8, 5]), 0.75
with torch.no_grad():
    logits[2, 4], logits[4, 7] = 150.0, -150.0
loss = weight * F.cross_entropy(logits, labels)
(gradient,) = torch.autograd.grad(loss, logits)
save("cross_entropy", {"logits": logits, "labels": labels, "loss": loss.reshape(1), "gradient": gradient}, weight=weight)

fake, real, weight = numbers(5, 2, 3, 7), numbers(8, 2, 3, 7), 1.5
loss = weight * (real.mean(0) - fake.mean(0)).square().sum()
(gradient,) = torch.autograd.grad(loss, fake)
save("feature_matching", {"fake": fake, "real": real, "loss": loss.reshape(1), "gradient": gradient}, weight=weight)
