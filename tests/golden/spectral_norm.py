#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes spectral_norm_*.safetensors into this folder: layers under torch.nn.utils.spectral_norm, in float64. Needs
python3-torch (1.13). The same files come out every time.

usage: spectral_norm.py [FOLDER]

A file of a layer has some steps of training, whose tensors end with the step's number: the weight w and bias b before
it, y, dy, dx, dw, db, and the vector u after it. u is what it begins with, y_inference what libgan's inference makes of
the last weight and u, with sigma = |W' u|. spectral_norm_penalty has the gradients of the sum over a batch of
|dD/dx|^2 for D = linear(tanh(conv2d(x)))."""
import torch
from torch.nn.utils import spectral_norm

from vectors import folder, save

torch.manual_seed(20180216)
STEPS = 4


def rounded(tensor):
    """Numbers that float32 holds exactly, in float64."""
    return tensor.detach().to(torch.float32).to(torch.float64)


def images_last(tensor):
    return tensor.permute(0, 2, 3, 1) if tensor.dim() == 4 else tensor


def weight_last(weight):
    """Both kinds of convolution: [kernel_h, kernel_w, in, out], [kernel_h, kernel_w, out, in] of a transposed one."""
    return weight.permute(2, 3, 1, 0) if weight.dim() == 4 else weight.t()


def begin(module):
    """Weights, and u, that float32 holds."""
    module = spectral_norm(module)
    module.weight_orig.data = rounded(torch.randn_like(module.weight_orig))
    module.bias.data = rounded(torch.randn_like(module.bias))
    module.weight_u.data = rounded(module.weight_u)
    return module


def matrix(module):
    weight = module.weight_orig
    if isinstance(module, torch.nn.ConvTranspose2d):
        weight = weight.transpose(0, 1)
    return weight.reshape(weight.shape[0], -1)


def layer(name, module, x, **settings):
    module = begin(module)
    x = rounded(x).requires_grad_()
    tensors = {"x": images_last(x), "u": module.weight_u.clone()}
    for k in range(STEPS):
        tensors[f"w{k}"] = weight_last(module.weight_orig.clone())
        tensors[f"b{k}"] = module.bias.clone()
        y = module(x)
        dy = rounded(torch.randn_like(y))
        dx, dw, db = torch.autograd.grad(y, (x, module.weight_orig, module.bias), dy)
        for key, value in {"y": y, "dy": dy, "dx": dx}.items():
            tensors[f"{key}{k}"] = images_last(value)
        tensors.update({f"dw{k}": weight_last(dw), f"db{k}": db, f"u{k}": module.weight_u.clone()})
        module.weight_orig.data = rounded(module.weight_orig - 0.1 * dw)
        module.bias.data = rounded(module.bias - 0.1 * db)
    tensors["w"], tensors["b"] = weight_last(module.weight_orig), module.bias
    sigma = (matrix(module).t() @ module.weight_u).norm()
    module.eval()
    module.weight_v.data = torch.nn.functional.normalize(matrix(module).t() @ module.weight_u, dim=0)
    tensors["y_inference"] = images_last(module(x))
    assert torch.allclose(module.weight_orig / sigma, module.weight)
    save(folder(), f"spectral_norm_{name}", tensors, layer=name, steps=STEPS, **settings)


def penalty():
    conv, linear = begin(torch.nn.Conv2d(3, 5, 3)), begin(torch.nn.Linear(4 * 3 * 5, 1))
    x = rounded(torch.randn(4, 3, 6, 5)).requires_grad_()
    tensors = {"x": images_last(x), "conv0.u": conv.weight_u.clone(), "linear0.u": linear.weight_u.clone()}
    logits = linear(torch.tanh(conv(x)).permute(0, 2, 3, 1).flatten(1))
    (dx,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
    squares = dx.square().sum()
    squares.backward()
    tensors.update({"dx": images_last(dx), "d2x": images_last(x.grad)})
    for name, module in (("conv0", conv), ("linear0", linear)):
        tensors[f"{name}.weight"] = weight_last(module.weight_orig)
        tensors[f"{name}.bias"] = module.bias
        tensors[f"d.{name}.weight"] = weight_last(module.weight_orig.grad)
    tensors["d.conv0.bias"] = conv.bias.grad
    tensors["d.linear0.bias"] = torch.zeros(1)
    save(folder(), "spectral_norm_penalty", tensors)


layer("conv2d", torch.nn.Conv2d(3, 6, 3, stride=2, padding=1), torch.randn(2, 3, 6, 5), kernel=3, stride=2, pad=1)
layer("conv2d_transpose", torch.nn.ConvTranspose2d(5, 3, 4, stride=2, padding=1), torch.randn(2, 5, 2, 3), kernel=4,
      stride=2, pad=1)
layer("linear", torch.nn.Linear(11, 4), torch.randn(5, 11))
penalty()
