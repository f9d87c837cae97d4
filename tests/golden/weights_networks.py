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
    labels = False  # 0, 1 or 2 as a second input

    def add(self, kind, *modules):
        for i, module in enumerate(modules):
            setattr(self, f"{kind}{i}", module)


def conv(i, o, kernel, stride=1, **more):
    return nn.Conv2d(i, o, kernel, stride=stride, padding=(kernel - 1) // 2, **more)


def up(i, o, **more):
    return nn.ConvTranspose2d(i, o, 4, stride=2, padding=1, **more)


def norms(*channels, epsilon=1e-3):
    return [nn.BatchNorm2d(c, eps=epsilon) for c in channels]


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
        self.add("bn", *norms(8, 4, 2, 1, epsilon=2e-5))
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
    def __init__(self, c, epsilon):
        super().__init__()
        self.c = c
        self.add("linear", nn.Linear(4, 16 * c))
        self.add("conv", *[conv(c, c, kernel) for kernel in (3, 3, 1, 3, 3, 1)], conv(c, 3, 3))
        self.add("bn", *norms(c, c, c, c, c, epsilon=epsilon))

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
        self.add("linear", wrap(nn.Linear(c, 1, bias=not normalized)))

    def forward(self, x):
        y = F.avg_pool2d(self.conv1(F.relu(self.conv0(x))), 2)
        x = self.conv2(F.avg_pool2d(x, 2)) + y
        for i in (3, 5):
            x = x + getattr(self, f"conv{i + 1}")(F.relu(getattr(self, f"conv{i}")(F.relu(x))))
        x = F.relu(x)
        return self.linear0(x.sum((2, 3)) if self.total else x.mean((2, 3)))


class Layers(Network):
    """What the others do not have: groups, norms of many kinds, layers on a flattened picture that is no square, vectors
    joined to it, spectral normalization where features are put into another order."""

    input_shape = (2, 4, 6)
    labels = True

    def __init__(self):
        super().__init__()
        self.add("conv", nn.Conv2d(2, 4, 3, padding=1, groups=2, bias=False), spectral_norm(nn.Conv2d(4, 8, (3, 2))))
        self.add("prelu", nn.PReLU(4), nn.PReLU(), nn.PReLU(48))
        self.add("gn", nn.GroupNorm(2, 4))
        self.add("in", nn.InstanceNorm2d(4, affine=True))
        self.add("deconv", nn.ConvTranspose2d(4, 2, 2, stride=2, groups=2), spectral_norm(nn.ConvTranspose2d(2, 3, 2)))
        self.add("ln", nn.GroupNorm(1, 2), nn.LayerNorm(48))
        self.add("scale", nn.ParameterDict({"gamma": nn.Parameter(torch.ones(1))}))
        self.add("bn", nn.BatchNorm1d(48, eps=1e-3), nn.BatchNorm1d(24, eps=1e-3))
        self.add("embedding", nn.Embedding(3, 48), nn.Embedding(3, 5))
        self.add("mbd", nn.ParameterDict({"weight": nn.Parameter(0.1 * torch.randn(48, 2, 3))}))
        self.add("linear", spectral_norm(nn.Linear(48 + 3 + 5, 24)))

    def minibatch_discrimination(self, x):
        m = torch.einsum("na,adk->ndk", x, self.mbd0["weight"])
        distances = (m[:, None] - m[None]).abs().sum(2)
        return torch.cat([x, torch.exp(-distances).sum(1)], 1)

    def forward(self, x, label):
        x = getattr(self, "in0")(self.gn0(self.prelu0(self.conv0(x))))
        x = self.scale0["gamma"] * self.prelu1(self.ln0(self.deconv0(x)))
        x = self.bn0(F.avg_pool2d(x, 2).flatten(1)) * self.embedding0(label)
        x = self.minibatch_discrimination(self.prelu2(self.ln1(x)))
        x = self.bn1(self.linear0(torch.cat([x, self.embedding1(label)], 1)))
        x = F.leaky_relu(x, 0.2).view(-1, 4, 3, 2)
        return self.deconv1(self.conv1(x).view(-1, 2, 2, 2))


def numbers(*shape):
    return torch.randn(*shape).float().to(torch.get_default_dtype())


def left_vector(module):
    """What libgan's inference works with: v = W' u / |W' u|."""
    weight = module.weight_orig
    if isinstance(module, nn.ConvTranspose2d):
        weight = weight.transpose(0, 1)
    return F.normalize(weight.reshape(len(weight), -1).t() @ module.weight_u, dim=0)


@torch.no_grad()
def trained(network):
    """As if it were trained: no number is left at what it begins with, and float32 holds all of them."""
    for name, tensor in network.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 2)
        elif name.endswith("num_batches_tracked"):
            tensor.fill_(1234)
        elif name.endswith("weight_u"):
            tensor.copy_(F.normalize(torch.randn_like(tensor), dim=0))
        elif tensor.dim() < 2 and name.endswith("weight"):
            tensor.copy_(1 + 0.3 * torch.randn_like(tensor))
        elif tensor.dim() < 2:
            tensor.copy_(0.3 * torch.randn_like(tensor))
        else:
            tensor.mul_(1.7)
        tensor.copy_(tensor.float())
    for module in network.modules():
        if hasattr(module, "weight_u"):
            module.weight_v.copy_(left_vector(module))
    return network.eval()


def to_last(tensor):
    """[N,C,H,W] -> [N,H,W,C]"""
    return tensor.permute(0, 2, 3, 1) if tensor.dim() == 4 else tensor


def to_first(tensor):
    return tensor.permute(0, 3, 1, 2) if tensor.dim() == 4 else tensor


def inputs_of(network, batch):
    """Of libgan's shapes: pictures have their channels last, labels are [N,1]."""
    inputs = [to_last(numbers(batch, *network.input_shape))]
    if network.labels:
        inputs.append(torch.arange(batch).remainder(3).to(inputs[0])[:, None])
    return inputs


@torch.no_grad()
def output_of(network, inputs):
    first, *labels = inputs
    return to_last(network(to_first(first), *(label[:, 0].long() for label in labels)))


NETWORKS = {
    "dcgan16_g": DcganG,
    "dcgan16_d": DcganD,
    "sndcgan_g": SndcganG,
    "sndcgan_d": SndcganD,
    "sngan_g": lambda: ResidualG(4, 2e-5),
    "sngan_d": lambda: ResidualD(2, True, True),
    "wgan_gp_g": lambda: ResidualG(2, 1e-5),
    "wgan_gp_d": lambda: ResidualD(2, False, False),
    "layers": Layers,
}
