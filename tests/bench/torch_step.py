#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The reference game's step in PyTorch, as its users would write it. compare_torch.sh times it against libgan's.

torch_step.py --check FILE...   plays the steps of golden files, in both memory formats, and compares
torch_step.py --threads N ...   times steps in the better memory format, and prints a line of JSON
"""
import argparse
import json
import statistics
import struct
import sys
import time

import torch
from torch import nn
from torch.nn import functional

FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
LATENTS = 100
WARM_STEPS = 3


class Generator(nn.Module):
    def __init__(self, ngf):
        super().__init__()
        filters = [LATENTS, 8 * ngf, 4 * ngf, 2 * ngf, ngf]
        self.convolutions = nn.ModuleList([nn.ConvTranspose2d(filters[0], filters[1], 2)])
        for i in range(1, 4):
            self.convolutions.append(nn.ConvTranspose2d(filters[i], filters[i + 1], 4, 2, 1))
        self.convolutions.append(nn.ConvTranspose2d(ngf, 3, 4, 1, 1))
        self.norms = nn.ModuleList(nn.BatchNorm2d(filters[i + 1], eps=1e-3) for i in range(3))

    def forward(self, z):
        x = z[:, :, None, None]
        for i, convolution in enumerate(self.convolutions[:4]):
            x = convolution(x)
            x = functional.relu(self.norms[i](x) if i < 3 else x)
        return torch.tanh(self.convolutions[4](x)[:, :, :-1, :-1])  # "same" is 1 before and 2 after


def concat_diff(x):
    return torch.cat([x, (x - x.mean(0, keepdim=True)).abs().mean(1, keepdim=True)], 1)


class Discriminator(nn.Module):
    def __init__(self, ndf):
        super().__init__()
        self.convolutions = nn.ModuleList([nn.Conv2d(3, ndf, 4)])
        for i in range(3):
            self.convolutions.append(nn.Conv2d((ndf << i) + 1, ndf << (i + 1), 4, 2, 1))
        self.convolutions.append(nn.Conv2d(8 * ndf + 1, 1, 2))
        self.norms = nn.ModuleList(nn.BatchNorm2d(ndf << (i + 1), eps=1e-3) for i in range(3))

    def forward(self, x):
        x = concat_diff(functional.relu(self.convolutions[0](functional.pad(x, (1, 2, 1, 2)))))
        for convolution, norm in zip(self.convolutions[1:4], self.norms):
            x = concat_diff(functional.relu(norm(convolution(x))))
        return self.convolutions[4](x).flatten()


def cross_entropy(logits, target):
    return functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))


class Game:
    def __init__(self, memory_format, ngf=16, rate=2e-4, beta1=0.5, beta2=0.999, epsilon=1e-8):
        self.g = Generator(ngf).to(memory_format=memory_format)
        self.d = Discriminator(ngf).to(memory_format=memory_format)
        for parameter in [*self.g.parameters(), *self.d.parameters()]:
            if parameter.dim() > 1:
                nn.init.normal_(parameter, 0, 0.02)
        self.optimizers = [torch.optim.Adam(network.parameters(), rate, (beta1, beta2), epsilon)
                           for network in (self.g, self.d)]

    def step(self, z, real):
        """The D step, and the G step through the new D on the same pictures. Returns the losses as tensors."""
        g_adam, d_adam = self.optimizers
        fake = self.g(z)
        d_loss = cross_entropy(self.d(real), 0.9) + cross_entropy(self.d(fake.detach()), 0)
        d_adam.zero_grad(set_to_none=True)
        d_loss.backward()
        d_adam.step()
        self.d.requires_grad_(False)  # its weights need no gradients here
        g_loss = cross_entropy(self.d(fake), 1)
        g_adam.zero_grad(set_to_none=True)
        g_loss.backward()
        g_adam.step()
        self.d.requires_grad_(True)
        return d_loss, g_loss


def read_safetensors(path):
    with open(path, "rb") as file:
        data = bytearray(file.read())
    begin = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:begin])
    settings = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        values = torch.frombuffer(data, dtype=torch.float32, count=(last - first) // 4, offset=begin + first)
        tensors[name] = values.reshape(entry["shape"])
    return settings, tensors


def golden_parameters(game, tensors, prefix):
    """Pairs of a parameter, the file's values in PyTorch's order, and whether a batch norm follows the bias."""
    for letter, kind, network in (("G", "deconv", game.g), ("D", "conv", game.d)):
        first = 0 if letter == "G" else 1
        for i, convolution in enumerate(network.convolutions):
            name = f"{prefix}{letter}.{kind}{i}"
            yield convolution.weight, tensors[f"{name}.weight"].permute(3, 2, 0, 1), False
            yield convolution.bias, tensors[f"{name}.bias"], first <= i < first + len(network.norms)
        for i, norm in enumerate(network.norms):
            name = f"{prefix}{letter}.bn{i + first}"
            yield norm.weight, tensors[f"{name}.gamma"], False
            yield norm.bias, tensors[f"{name}.beta"], False


def check(path, name):
    """Plays the file's steps: losses within 1e-5 of it, as tests/golden demands of libgan, and the weights at the end."""
    settings, tensors = read_safetensors(path)
    game = Game(FORMATS[name], int(settings["ngf"]))
    with torch.no_grad():
        for parameter, values, _ in golden_parameters(game, tensors, ""):
            parameter.copy_(values)
    steps, rate = int(settings["steps"]), float(settings["lr"])
    worst = 0
    for step in range(steps):
        real = tensors[f"step{step}.real"].permute(0, 3, 1, 2).contiguous(memory_format=FORMATS[name])
        for loss, what in zip(game.step(tensors[f"step{step}.z"], real), ("d_loss", "g_loss")):
            worst = max(worst, abs(loss.item() - tensors[what][step].item()))
    ends = [(parameter.detach() - values).abs().max().item() / (1.5 * rate * steps if free else 0.1 * rate * steps)
            for parameter, values, free in golden_parameters(game, tensors, "end.")]
    fine = worst <= 1e-5 and max(ends) <= 1
    print(f"{path}, {name}: losses differ by {worst:.1e}, weights by {max(ends):.2f} of what is allowed",
          "" if fine else "-- NOT THE SAME GAME")
    return fine


def time_steps(args, name):
    torch.manual_seed(0)
    game = Game(FORMATS[name])
    real = (2 * torch.rand(args.batch, 3, 16, 16) - 1).contiguous(memory_format=FORMATS[name])
    times = []
    for _ in range(WARM_STEPS + args.steps):
        begin = time.perf_counter()
        game.step(torch.randn(args.batch, LATENTS), real)
        times.append(1e3 * (time.perf_counter() - begin))
    times = times[WARM_STEPS:]
    return {"format": name, "threads": torch.get_num_threads(), "ms_min": round(min(times), 4),
            "ms_median": round(statistics.median(times), 4)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", nargs="+", metavar="FILE")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=50)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.check:
        sys.exit(not all([check(path, name) for path in args.check for name in FORMATS]))
    print(json.dumps(min((time_steps(args, name) for name in FORMATS), key=lambda result: result["ms_min"])))


main()
