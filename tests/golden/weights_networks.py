# SPDX-License-Identifier: BSD-2-Clause
"""Networks of libgan's zoo and others as PyTorch's users write them, at small sizes, with libgan's names for their
layers: weights.py and tests/io/torch.py exchange weights with them. In tests/io/weights_networks.c are the same."""
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import spectral_norm


class Network(nn.Module):
    """A number of layers of each kind, as attributes: conv0, conv1, bn0, ..."""

    input_shape = (4,)

    def add(self, kind, *modules):
        for i, module in enumerate(modules):
            setattr(self, f"{kind}{i}", module)


def conv(i, o, kernel, stride=1, **more):
    return nn.Conv2d(i, o, kernel, stride=stride, padding=(kernel - 1) // 2, **more)


def up(i, o, **more):
    return nn.ConvTranspose2d(i, o, 4, stride=2, padding=1, **more)


def norms(*channels):
    return [nn.BatchNorm2d(c, eps=1e-3) for c in channels]


def concat_diff(x):
    return torch.cat([x, (x - x.mean(0, keepdim=True)).abs().mean(1, keepdim=True)], 1)


class DcganG(Network):
    def __init__(self):
        super().__init__()
        self.add("deconv", nn.ConvTranspose2d(4, 16, 2), up(16, 8), up(8, 4), up(4, 2), nn.ConvTranspose2d(2, 3, 4))
        self.add("bn", *norms(16, 8, 4))

    def forward(self, z):
        x = z.view(-1, 4, 1, 1)
        for i in range(3):
            x = F.relu(getattr(self, f"bn{i}")(getattr(self, f"deconv{i}")(x)))
        x = self.deconv4(F.relu(self.deconv3(x)))
        return torch.tanh(x[:, :, 1:17, 1:17])  # the adjoint of a padding of 1 before and 2 after


class DcganD(Network):
    input_shape = (3, 16, 16)

    def __init__(self):
        super().__init__()
        self.add("conv", nn.Conv2d(3, 2, 4), conv(3, 4, 4, 2), conv(5, 8, 4, 2), conv(9, 16, 4, 2),
                 nn.Conv2d(17, 1, 2))
        self.add("bn", *norms(4, 8, 16))

    def forward(self, x):
        x = concat_diff(F.relu(self.conv0(F.pad(x, (1, 2, 1, 2)))))
        for i in range(3):
            x = concat_diff(F.relu(getattr(self, f"bn{i}")(getattr(self, f"conv{i + 1}")(x))))
        return self.conv4(x).flatten(1)


class SndcganG(Network):
    def __init__(self):
        super().__init__()
        self.add("linear", nn.Linear(4, 2 * 2 * 8))
        self.add("deconv", up(8, 4), up(4, 2), up(2, 1))
        self.add("bn", *norms(8, 4, 2, 1))
        self.add("conv", conv(1, 3, 3))

    def forward(self, z):
        x = F.relu(self.bn0(self.linear0(z).view(-1, 8, 2, 2)))
        for i in range(3):
            x = F.relu(getattr(self, f"bn{i + 1}")(getattr(self, f"deconv{i}")(x)))
        return torch.tanh(self.conv0(x))


class SndcganD(Network):
    input_shape = (3, 16, 16)

    def __init__(self):
        super().__init__()
        self.add("conv", *map(spectral_norm, (conv(3, 1, 3), conv(1, 1, 4, 2), conv(1, 2, 3), conv(2, 2, 4, 2),
                                              conv(2, 4, 3), conv(4, 4, 4, 2), conv(4, 8, 3))))
        self.add("linear", spectral_norm(nn.Linear(2 * 2 * 8, 1)))

    def forward(self, x):
        for i in range(7):
            x = F.leaky_relu(getattr(self, f"conv{i}")(x), 0.1)
        return self.linear0(x.flatten(1))


class ResidualG(Network):
    def __init__(self, c):
        super().__init__()
        self.c = c
        self.add("linear", nn.Linear(4, 16 * c))
        self.add("conv", *[conv(c, c, kernel) for kernel in (3, 3, 1, 3, 3, 1)], conv(c, 3, 3))
        self.add("bn", *norms(c, c, c, c, c))

    def forward(self, z):
        x = self.linear0(z).view(-1, self.c, 4, 4)
        for block in range(2):
            norm1, norm2 = (getattr(self, f"bn{2 * block + i}") for i in range(2))
            conv1, conv2, shortcut = (getattr(self, f"conv{3 * block + i}") for i in range(3))
            y = conv1(F.interpolate(F.relu(norm1(x)), scale_factor=2))
            y = conv2(F.relu(norm2(y)))
            x = shortcut(F.interpolate(x, scale_factor=2)) + y
        return torch.tanh(self.conv6(F.relu(self.bn4(x))))


class ResidualD(Network):
    input_shape = (3, 16, 16)

    def __init__(self, c, normalized, total):
        super().__init__()
        wrap = spectral_norm if normalized else lambda module: module
        self.total = total
        self.add("conv", *map(wrap, (conv(3, c, 3), conv(c, c, 3), conv(3, c, 1), *[conv(c, c, 3) for _ in range(4)])))
        self.add("linear", wrap(nn.Linear(c, 1)))

    def forward(self, x):
        y = F.avg_pool2d(self.conv1(F.relu(self.conv0(x))), 2)
        x = self.conv2(F.avg_pool2d(x, 2)) + y
        for i in (3, 5):
            x = x + getattr(self, f"conv{i + 1}")(F.relu(getattr(self, f"conv{i}")(F.relu(x))))
        x = F.relu(x)
        return self.linear0(x.sum((2, 3)) if self.total else x.mean((2, 3)))


class Layers(Network):
    """What the others do not have: norms and slopes of a flattened picture, a vector joined to it, groups, pictures
    that are no squares, spectral normalization where features are put into another order, and so on."""

    input_shape = (2, 4, 6)

    def __init__(self):
        super().__init__()
        self.add("conv", nn.Conv2d(2, 4, 3, padding=1, groups=2, bias=False), nn.Conv2d(6, 4, 1))
        self.add("deconv", nn.ConvTranspose2d(4, 2, 2, stride=2, groups=2))
        self.add("prelu", nn.PReLU(4, init=0.3), nn.PReLU(1), nn.PReLU(32))
        self.add("gn", nn.GroupNorm(2, 4, eps=1e-5))
        self.add("in", nn.InstanceNorm2d(4, affine=True))
        self.add("ln", nn.GroupNorm(1, 2), nn.LayerNorm(25))
        self.add("bn", nn.BatchNorm1d(24, eps=1e-3), nn.BatchNorm1d(32, eps=1e-3))
        self.add("embedding", nn.Embedding(3, 24))
        self.add("linear", spectral_norm(nn.Linear(24 + 1, 32)))
        self.add("last", nn.Linear(7 * 6 * 2, 3))
        self.add("scale", nn.ParameterDict({"gamma": nn.Parameter(torch.randn(1))}))
        self.add("mbd", nn.ParameterDict({"weight": nn.Parameter(torch.randn(84, 2, 3))}))

    def forward(self, x):
        x = self.prelu0(self.conv0(x))
        x = getattr(self, "in0")(self.gn0(x))
        x = self.prelu1(self.ln0(self.deconv0(x)))[:, :, ::2, ::2][:, :1]  # a picture of one channel: 4 x 6
        vector = self.bn0(x.flatten(1)) * self.embedding0(torch.ones(len(x), dtype=torch.long))
        vector = torch.cat([vector, vector.sum(1, keepdim=True)], 1)
        return vector


NETWORKS = {
    "dcgan16_g": DcganG,
    "dcgan16_d": DcganD,
    "sndcgan_g": SndcganG,
    "sndcgan_d": SndcganD,
    "sngan_g": lambda: ResidualG(4),
    "sngan_d": lambda: ResidualD(2, True, True),
    "wgan_gp_g": lambda: ResidualG(2),
    "wgan_gp_d": lambda: ResidualD(2, False, False),
}
