#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes recipe_*.safetensors into this folder: the first steps of each recipe of the zoo, at 16 pixels and narrow, in
float64. Needs python3-torch (1.13). The same files come out every time.

usage: recipes.py [FOLDER]

A file has the initial weights G.NAME and D.NAME, with the vectors of spectral norm, the real pictures of each step, and
what a session reports of it: d_loss, g_loss, penalty. pictures is what the moved G makes of the latents z, by the
statistics of their batch. Latents and the points of WGAN-GP are drawn by Philox as gan/random.h has it."""
import math

import torch
import torch.nn.functional as F

from vectors import folder, numbers, save

BATCH, SEED, LATENTS, PIXELS = 4, 42, 5, 16  # the seed of the tests' contexts
STREAM_LATENTS, STREAM_PENALTIES = 2, 8


def philox(stream, position):
    c = [position & 0xFFFFFFFF, position >> 32, stream, 0]
    k = [SEED & 0xFFFFFFFF, SEED >> 32]
    for _ in range(10):
        p, q = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(q >> 32) ^ c[1] ^ k[0], q & 0xFFFFFFFF, (p >> 32) ^ c[3] ^ k[1], p & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


class Stream:
    """The numbers of a session's stream, one draw after another."""

    def __init__(self, stream):
        self.stream, self.position = stream, 0

    def block(self):
        self.position += 1
        return philox(self.stream, self.position - 1)

    def normal(self, *shape):
        values, count = [], math.prod(shape)
        while len(values) < count:
            bits = self.block()
            for a, b in ((bits[0], bits[1]), (bits[2], bits[3])):
                radius, angle = math.sqrt(-2 * math.log((a + 1) / 2**32)), 2 * math.pi * b / 2**32
                values += [radius * math.cos(angle), radius * math.sin(angle)]
        return torch.tensor(values[:count]).to(torch.float32).to(torch.float64).reshape(shape)

    def units(self, count):
        return torch.tensor([(self.block()[0] >> 8) / 2**24 for _ in range(count)])


class Network:
    """Calls of the methods in one order, pass after pass: the first pass makes the parameters, later ones find them.
    Pictures are [N,C,H,W]."""

    def __init__(self, forward, epsilon):
        self.forward, self.epsilon, self.parameters, self.vectors = forward, epsilon, {}, {}

    def __call__(self, x):
        self.counts = {}
        return self.forward(self, x)

    def name(self, kind):
        self.counts[kind] = self.counts.get(kind, -1) + 1
        return f"{kind}{self.counts[kind]}"

    def parameter(self, name, shape, scale=1.0, mean=0.0):
        if name not in self.parameters:
            self.parameters[name] = numbers(*shape, scale=scale, mean=mean)
        return self.parameters[name]

    def weight(self, name, shape, fan_in, matrix, spectral):
        w = self.parameter(f"{name}.weight", shape, 1 / math.sqrt(fan_in))
        if not spectral:
            return w
        m = matrix(w)
        with torch.no_grad():
            key = f"{name}.u"
            if key not in self.vectors:
                self.vectors[key] = numbers(m.shape[0]).detach()
                self.first = {**getattr(self, "first", {}), key: self.vectors[key]}
            v = F.normalize(m.t() @ self.vectors[key], dim=0)
            u = self.vectors[key] = F.normalize(m @ v, dim=0)
        return w / (u @ m @ v)

    def bias(self, name, count):
        return self.parameter(f"{name}.bias", (count,), 0.1)

    def linear(self, x, units, bias=True, spectral=False):
        name = self.name("linear")
        w = self.weight(name, (x.shape[1], units), x.shape[1], lambda w: w.t(), spectral)
        return x @ w + self.bias(name, units) if bias else x @ w

    def conv(self, x, filters, kernel, stride=1, same=True, groups=1, bias=True, spectral=False):
        name, inputs = self.name("conv"), x.shape[1] // groups
        w = self.weight(name, (kernel, kernel, inputs, filters), kernel * kernel * inputs,
                        lambda w: w.permute(3, 2, 0, 1).reshape(filters, -1), spectral)
        if same:
            pad = kernel - stride
            x = F.pad(x, (pad // 2, pad - pad // 2) * 2)
        b = self.bias(name, filters) if bias else None
        return F.conv2d(x, w.permute(3, 2, 0, 1), b, stride, groups=groups)

    def deconv(self, x, filters, kernel, stride=1, same=True, groups=1, bias=True):
        name, inputs = self.name("deconv"), x.shape[1]
        scale = stride / kernel / math.sqrt(inputs / groups)
        w = self.parameter(f"{name}.weight", (kernel, kernel, filters // groups, inputs), scale)
        pad, extent = (kernel - stride) // 2 if same else 0, x.shape[2] * stride if same else kernel
        y = F.conv_transpose2d(x, w.permute(3, 2, 0, 1), None, stride, groups=groups)
        y = y[:, :, pad:pad + extent, pad:pad + extent]
        return y + self.bias(name, filters)[:, None, None] if bias else y

    def batch_norm(self, x):
        name, c = self.name("bn"), x.shape[1]
        gamma, beta = self.parameter(f"{name}.gamma", (c,), 0.1, 1.0), self.parameter(f"{name}.beta", (c,), 0.1)
        return F.batch_norm(x, None, None, gamma, beta, training=True, eps=self.epsilon)

    def residual(self, x, filters, up=False, down=False, first=False, norm=False, spectral=False):
        normalize = self.batch_norm if norm else lambda x: x
        enlarge = (lambda x: F.interpolate(x, scale_factor=2)) if up else lambda x: x
        reduce = (lambda x: F.avg_pool2d(x, 2)) if down else lambda x: x
        hidden = x.shape[1] if down and not first else filters
        y = x if first else F.relu(normalize(x))
        y = self.conv(enlarge(y), hidden, 3, spectral=spectral)
        y = reduce(self.conv(F.relu(normalize(y)), filters, 3, spectral=spectral))
        if not (up or down) and filters == x.shape[1]:
            return x + y
        return y + enlarge(self.conv(reduce(x), filters, 1, spectral=spectral))


def from_vector(x, extent):
    """[N, extent * extent * C], channels last, as pictures."""
    return x.reshape(len(x), extent, extent, -1).permute(0, 3, 1, 2)


def to_vector(x):
    return x.permute(0, 2, 3, 1).flatten(1)


def concat_diff(x):
    return torch.cat([x, (x - x.mean(0)).abs().mean(1, keepdim=True)], 1)


def dcgan16(width):
    def generator(n, z):
        filters = width * PIXELS // 2
        x = F.relu(n.batch_norm(n.deconv(from_vector(z, 1), filters, 2, same=False)))
        for extent in (4, 8, 16):
            filters //= 2
            x = n.deconv(x, filters, 4, 2)
            x = F.relu(n.batch_norm(x) if extent < PIXELS else x)
        return torch.tanh(n.deconv(x, 3, 4))

    def discriminator(n, x):
        x = concat_diff(F.relu(n.conv(x, width, 4)))
        for filters in (2 * width, 4 * width, 8 * width):
            x = concat_diff(F.relu(n.batch_norm(n.conv(x, filters, 4, 2))))
        return n.conv(x, 1, 2, same=False).flatten()

    return generator, discriminator


def sndcgan(width):
    def generator(n, z):
        x = F.relu(n.batch_norm(from_vector(n.linear(z, 4 * 8 * width), 2)))
        for filters in (4 * width, 2 * width, width):
            x = F.relu(n.batch_norm(n.deconv(x, filters, 4, 2)))
        return torch.tanh(n.conv(x, 3, 3))

    def discriminator(n, x):
        for filters in (width, 2 * width, 4 * width):
            for kernel, stride in ((3, 1), (4, 2)):
                x = F.leaky_relu(n.conv(x, filters, kernel, stride, spectral=True), 0.1)
        x = F.leaky_relu(n.conv(x, 8 * width, 3, spectral=True), 0.1)
        return n.linear(to_vector(x), 1, spectral=True).flatten()

    return generator, discriminator


def residual(g_width, d_width, spectral, pool):
    def generator(n, z):
        x = from_vector(n.linear(z, 16 * g_width), 4)
        for _ in range(2):
            x = n.residual(x, g_width, up=True, norm=True)
        return torch.tanh(n.conv(F.relu(n.batch_norm(x)), 3, 3))

    def discriminator(n, x):
        x = n.residual(x, d_width, down=True, first=True, spectral=spectral)
        for _ in range(2):
            x = n.residual(x, d_width, spectral=spectral)
        return n.linear(pool(F.relu(x)), 1, bias=not spectral, spectral=spectral).flatten()

    return generator, discriminator


def r3gan(width):
    def block(n, x):
        y = F.leaky_relu(n.conv(x, width, 1), 0.2)
        y = F.leaky_relu(n.conv(y, width, 3, groups=width // 16), 0.2)
        return x + n.conv(y, width, 1, bias=False)

    def generator(n, z):
        x = from_vector(n.linear(z, width, bias=False), 1)
        x = block(n, n.deconv(x, width, 4, same=False, groups=width, bias=False))
        for _ in range(2):
            x = block(n, F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False))
        return n.conv(x, 3, 1, bias=False)

    def discriminator(n, x):
        x = block(n, n.conv(x, width, 1, bias=False))
        for _ in range(2):
            x = block(n, F.avg_pool2d(x, 2))
        x = n.conv(x, width, 4, same=False, groups=width, bias=False)
        return n.linear(x.flatten(1), 1, bias=False).flatten()

    return generator, discriminator


def logistic(target):
    """The binary cross-entropy of logits."""
    return lambda a: (target * F.softplus(-a) + (1 - target) * F.softplus(a)).mean()


def slope(d, x):
    """The gradient of each D(x) by its picture, and D's gradients flow through it."""
    x = x.detach().clone().requires_grad_()
    return torch.autograd.grad(d(x).sum(), x, create_graph=True)[0].flatten(1)


def frozen(d, function):
    """Without moving the vectors of spectral norm; none of the recipes has both."""
    assert not d.vectors
    return function()


def zero_centred(d, real, fake, points):
    return frozen(d, lambda: 0.05 / 2 * sum(slope(d, x).square().sum(1).mean() for x in (real, fake)))


def wgan_gp(d, real, fake, points):
    e = points.units(len(real))[:, None, None, None]
    return frozen(d, lambda: 10 * (slope(d, e * real + (1 - e) * fake).norm(dim=1) - 1).square().mean())


def play(name, width, networks, d_loss, g_loss, steps, d_steps=1, betas=(0.5, 0.999), decay=None, penalty=None,
         epsilon=1e-3):
    torch.manual_seed(20161107)
    g, d = (Network(forward, epsilon) for forward in networks)
    latents, points = Stream(STREAM_LATENTS), Stream(STREAM_PENALTIES)
    d(g(torch.zeros(2, LATENTS)))
    d.vectors = dict(getattr(d, "first", {}))
    tensors = {f"{letter}.{key}": value.detach().clone() for letter, n in (("G", g), ("D", d))
               for key, value in {**n.parameters, **n.vectors}.items()}
    adams = [torch.optim.Adam(n.parameters.values(), 2e-4, betas) for n in (g, d)]
    told = {"d_loss": [], "g_loss": [], "penalty": []}
    for step in range(steps):
        real = numbers(BATCH, PIXELS, PIXELS, 3, scale=0.4).detach()
        tensors[f"step{step}.real"] = real
        real, z = real.permute(0, 3, 1, 2), latents.normal(BATCH, LATENTS)
        fake = g(z)
        loss = d_loss(d(real), d(fake.detach()))
        extra = penalty(d, real, fake.detach(), points) if penalty else torch.zeros(())
        move(adams[1], loss + extra, step, decay and decay * d_steps)
        told["d_loss"].append(loss)
        told["penalty"].append(extra)
        if (step + 1) % d_steps == 0:
            loss = g_loss(d(fake), d(real) if name == "r3gan" else None)
            move(adams[0], loss, step // d_steps, decay)
            told["g_loss"].append(loss)
    tensors["z"] = Stream(99).normal(BATCH, LATENTS)
    tensors["pictures"] = g(tensors["z"]).permute(0, 2, 3, 1)
    tensors.update({key: torch.stack(values) for key, values in told.items()})
    save(folder(), f"recipe_{name}", tensors, recipe=name, width=width, steps=steps, latents=LATENTS)


def move(adam, loss, step, decay):
    for group in adam.param_groups:
        group["lr"] = 2e-4 * (1 - step / decay) if decay else 2e-4
    adam.zero_grad()
    loss.backward()
    adam.step()


one, zero = logistic(1), logistic(0)
play("dcgan16", 2, dcgan16(2), lambda a, b: logistic(0.9)(a) + zero(b), lambda b, a: one(b), 4)
play("sndcgan", 2, sndcgan(2), lambda a, b: one(a) + zero(b), lambda b, a: one(b), 4,
     epsilon=2e-5)
play("sngan", 4, residual(8, 4, True, lambda x: x.sum((2, 3))),
     lambda a, b: F.relu(1 - a).mean() + F.relu(1 + b).mean(), lambda b, a: -b.mean(), 6, 5, (0.0, 0.9), 50000,
     epsilon=2e-5)
play("wgan_gp", 4, residual(4, 4, False, lambda x: x.mean((2, 3))), lambda a, b: b.mean() - a.mean(),
     lambda b, a: -b.mean(), 6, 5, (0.0, 0.9), 100000, wgan_gp, epsilon=1e-5)
play("r3gan", 32, r3gan(32), lambda a, b: F.softplus(b - a).mean(), lambda b, a: F.softplus(a - b).mean(), 4,
     betas=(0.0, 0.99), penalty=zero_centred)
