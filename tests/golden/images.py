#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the golden files of the layers of pictures and classes into this folder, in float64 by PyTorch's own functions
and autograd. Needs python3-torch (1.13). The same files come out every time. vectors.py tells what is in a file.

usage: images.py [FOLDER]"""
import torch
import torch.nn.functional as F

from vectors import layer, numbers

torch.manual_seed(20241125)


def on_planes(function):
    """A function of [N,C,H,W] as one of [N,H,W,C]."""
    return lambda x, *rest: function(x.permute(0, 3, 1, 2), *rest).permute(0, 2, 3, 1)


def same(size, kernel, stride):
    """TensorFlow's padding: before and after."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def paddings(shape, kernel, stride, padding, explicit):
    if padding == "same":
        return same(shape[1], kernel[0], stride[0]) + same(shape[2], kernel[1], stride[1])
    return explicit if padding == "explicit" else (0, 0, 0, 0)


def window(name, function, shape, kernel, stride, padding="valid", explicit=(0, 0, 0, 0), **settings):
    top, bottom, left, right = paddings(shape, kernel, stride, padding, explicit)
    if padding == "explicit":
        settings.update(pad_top=top, pad_bottom=bottom, pad_left=left, pad_right=right)
    pads = (left, right, top, bottom)
    layer(name, on_planes(lambda x: function(x, pads, kernel, stride)), [numbers(*shape)], kernel_h=kernel[0],
          kernel_w=kernel[1], stride_h=stride[0], stride_w=stride[1], padding=padding, **settings)


def average_inside(x, pads, kernel, stride):
    """The padding has no part: sums of what is inside, by how many that are."""
    total, count = (F.avg_pool2d(F.pad(t, pads), kernel, stride) for t in (x, torch.ones_like(x)))
    return total / count


def average_all(x, pads, kernel, stride):
    return F.avg_pool2d(F.pad(x, pads), kernel, stride)


def average_torch(x, pads, kernel, stride):
    """PyTorch's own way to leave padding out, which needs as much before as after."""
    return F.avg_pool2d(x, kernel, stride, padding=(pads[2], pads[0]), count_include_pad=False)


def maximum(x, pads, kernel, stride):
    return F.max_pool2d(F.pad(x, pads, value=-torch.inf), kernel, stride)


window("average_pool_valid", average_all, (2, 5, 6, 3), (2, 2), (2, 2))
window("average_pool_same", average_inside, (2, 6, 5, 3), (3, 4), (2, 1), "same")
window("average_pool_symmetric", average_torch, (2, 5, 5, 3), (3, 3), (2, 2), "explicit", (1, 1, 1, 1))
window("average_pool_explicit", average_all, (2, 4, 5, 2), (3, 2), (1, 2), "explicit", (2, 1, 0, 1), include_padding=1)
window("max_pool_valid", maximum, (2, 5, 6, 3), (2, 2), (2, 2))
window("max_pool_same", maximum, (2, 6, 5, 3), (3, 4), (2, 1), "same")
window("max_pool_explicit", maximum, (2, 4, 5, 2), (3, 2), (1, 2), "explicit", (2, 1, 0, 1))
layer("global_average_pool", lambda x: x.mean((1, 2)), [numbers(3, 4, 5, 6)])
layer("global_sum_pool", lambda x: x.sum((1, 2)), [numbers(3, 4, 5, 6)])


def upsample(name, shape, factor, mode):
    align = {"align_corners": False} if mode == "bilinear" else {}
    layer(name, on_planes(lambda x: F.interpolate(x, scale_factor=factor, mode=mode, **align)), [numbers(*shape)],
          factor_h=factor[0], factor_w=factor[1], interpolation=int(mode == "bilinear"))


upsample("upsample_nearest", (2, 3, 2, 3), (2, 3), "nearest")
upsample("upsample_bilinear", (2, 4, 3, 2), (2, 2), "bilinear")
upsample("upsample_bilinear_odd", (2, 3, 2, 2), (3, 4), "bilinear")
upsample("upsample_bilinear_one", (2, 1, 3, 2), (5, 2), "bilinear")


def depth_to_space(x, block):
    """TensorFlow's, by its documentation: channels are [row of the block, column, channel]."""
    n, h, w, c = x.shape
    x = x.reshape(n, h, w, block, block, c // block**2)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(n, h * block, w * block, c // block**2)


def space_to_depth(x, block):
    n, h, w, c = x.shape
    x = x.reshape(n, h // block, block, w // block, block, c)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(n, h // block, w // block, c * block**2)


layer("pixel_shuffle_channels", on_planes(lambda x: F.pixel_shuffle(x, 2)), [numbers(2, 2, 3, 12)], block=2, order=0)
layer("pixel_shuffle_blocks", lambda x: depth_to_space(x, 3), [numbers(2, 2, 1, 18)], block=3, order=1)
layer("pixel_unshuffle_channels", on_planes(lambda x: F.pixel_unshuffle(x, 3)), [numbers(2, 3, 6, 2)], block=3, order=0)
layer("pixel_unshuffle_blocks", lambda x: space_to_depth(x, 2), [numbers(2, 4, 2, 3)], block=2, order=1)

classes = torch.tensor([[3.0], [0.0], [4.0], [3.0], [1.0]], dtype=torch.float64, requires_grad=True)
layer("embedding", lambda x, w: F.embedding(x[:, 0].long(), w), [classes], {"w": numbers(5, 7)}, classes=5, dim=7)


def grouped(name, function, shape, kernel, per_group, outputs, groups, stride, padding, **settings):
    layer(name, function, [numbers(*shape)], {"w": numbers(*kernel, per_group, outputs), "b": numbers(settings.pop("biases"))},
          groups=groups, stride_h=stride[0], stride_w=stride[1], padding=padding, **settings)


def grouped_conv(name, shape, kernel, filters, groups, stride):
    top, bottom, left, right = paddings(shape, kernel, stride, "same", None)

    def function(x, w, b):
        return F.conv2d(F.pad(x, (left, right, top, bottom)), w.permute(3, 2, 0, 1), b, stride, groups=groups)

    grouped(name, on_planes(function), shape, kernel, shape[3] // groups, filters, groups, stride, "same", biases=filters)


def grouped_transpose(name, shape, kernel, filters, groups, stride):
    def function(x, w, b):
        return F.conv_transpose2d(x, w.permute(3, 2, 0, 1), b, stride, groups=groups)

    grouped(name, on_planes(function), shape, kernel, filters // groups, shape[3], groups, stride, "valid",
            biases=filters)


grouped_conv("conv2d_groups", (2, 5, 4, 6), (3, 4), 4, 2, (2, 1))
grouped_conv("conv2d_depthwise", (2, 5, 5, 5), (3, 3), 5, 5, (1, 2))
grouped_conv("conv2d_multiplier", (2, 4, 4, 3), (4, 4), 6, 3, (2, 2))
grouped_transpose("conv2d_transpose_groups", (2, 3, 2, 6), (3, 4), 4, 2, (2, 1))
grouped_transpose("conv2d_transpose_depthwise", (2, 3, 3, 5), (4, 4), 5, 5, (2, 2))


def attention(scale):
    def function(q, k, v):
        pairs = torch.einsum("nhwd,nijd->nhwij", q, k).flatten(3)
        return torch.einsum("nhwp,npe->nhwe", (scale * pairs).softmax(-1), v.flatten(1, 2))

    return function


layer("attention", attention(1), [numbers(2, 3, 2, 4), numbers(2, 2, 2, 4), numbers(2, 2, 2, 5)], scale=1)
layer("attention_scale", attention(0.5), [numbers(2, 2, 3, 4), numbers(2, 3, 1, 4), numbers(2, 3, 1, 3)], scale=0.5)


def conv(x, weight, bias=None):
    """Of [N,C,H,W], with the height and width of x, by a weight of odd size [kh,kw,in,out]."""
    return F.conv2d(x, weight.permute(3, 2, 0, 1), bias, padding=weight.shape[0] // 2)


def batch_norm(x, gamma, beta):
    return F.batch_norm(x, None, None, gamma, beta, training=True, eps=1e-3)


def residual_block(name, shape, filters, resample, norm=0, first=0, mode="nearest"):
    """In the order of the papers' programs: up before the shortcut's convolution, down after it."""
    c, hidden = shape[3], shape[3] if resample == 2 and not first else filters
    sizes = {"norm1.gamma": [c], "norm1.beta": [c], "conv1.weight": [3, 3, c, hidden], "conv1.bias": [hidden],
             "norm2.gamma": [hidden], "norm2.beta": [hidden], "conv2.weight": [3, 3, hidden, filters],
             "conv2.bias": [filters], "shortcut.weight": [1, 1, c, filters], "shortcut.bias": [filters]}
    if first or not norm:
        sizes = {key: size for key, size in sizes.items() if not key.startswith("norm1") and (norm or "norm" not in key)}
    if c == filters and resample == 0:
        sizes = {key: size for key, size in sizes.items() if not key.startswith("shortcut")}
    parameters = {"b_" + key: numbers(*size, scale=0.5) for key, size in sizes.items()}
    align = {"align_corners": False} if mode == "bilinear" else {}

    def up(x):
        return F.interpolate(x, scale_factor=2, mode=mode, **align) if resample == 1 else x

    def down(x):
        return F.avg_pool2d(x, 2) if resample == 2 else x

    def function(x, *values):
        p = dict(zip(sizes, values))

        def act(x, part):
            return F.relu(batch_norm(x, p[part + ".gamma"], p[part + ".beta"]) if norm else x)

        h = conv(up(x if first else act(x, "norm1")), p["conv1.weight"], p["conv1.bias"])
        h = down(conv(act(h, "norm2"), p["conv2.weight"], p["conv2.bias"]))
        return h + (down(conv(up(x), p["shortcut.weight"], p["shortcut.bias"])) if "shortcut.bias" in p else x)

    layer(name, on_planes(function), [numbers(*shape)], parameters, filters=filters, resample=resample, norm=norm,
          first=first, interpolation=int(mode == "bilinear"))


residual_block("residual_block_generator", (2, 3, 2, 4), 3, 1, norm=1)
residual_block("residual_block_bilinear", (2, 2, 3, 3), 2, 1, mode="bilinear")
residual_block("residual_block_down", (2, 4, 4, 3), 4, 2)
residual_block("residual_block_first", (2, 4, 4, 3), 4, 2, first=1)
residual_block("residual_block_identity", (2, 3, 3, 3), 3, 0)


def leading(weight):
    """The singular vectors of a 1x1 convolution's largest singular value, of its outputs and its inputs: where the power
    iterations of spectral norm end."""
    u, _, vh = torch.linalg.svd(weight[0, 0].detach().t())
    return u[:, 0], vh[0]


def self_attention(name, shape, no_pool, **settings):
    """As SAGAN's program writes it; channels of query, key 1/8 and of the value 1/2."""
    c = shape[3]
    sizes = {"query.weight": [1, 1, c, c // 8], "key.weight": [1, 1, c, c // 8], "value.weight": [1, 1, c, c // 2],
             "out.weight": [1, 1, c // 2, c], "gate.gamma": [1]}

    def normalized(weight):
        u, v = leading(weight)
        return weight / (u @ weight[0, 0].t() @ v) if settings else weight

    def function(x, *parameters):
        query, key, value, out, gamma = *map(normalized, parameters[:4]), parameters[4]

        def pool(x):
            return x if no_pool else F.max_pool2d(x, 2)

        theta, phi, g = (t.flatten(2) for t in (conv(x, query), pool(conv(x, key)), pool(conv(x, value))))
        weights = torch.bmm(theta.transpose(1, 2), phi).softmax(-1)
        o = torch.bmm(g, weights.transpose(1, 2)).reshape(x.shape[0], c // 2, *x.shape[2:])
        return x + gamma * conv(o, out)

    parameters = {"b_" + key: numbers(*size, scale=0.25) for key, size in sizes.items()}
    buffers = {key.replace("weight", "u"): leading(w)[0] for key, w in parameters.items() if settings and w.dim() == 4}
    layer(name, on_planes(function), [numbers(*shape)], parameters, buffers, no_pool=no_pool, **settings)


self_attention("self_attention", (2, 4, 2, 16), 0)
self_attention("self_attention_whole", (1, 2, 3, 8), 1)
self_attention("self_attention_spectral", (1, 4, 2, 16), 0, spectral_norm=1)


def pad(name, shape, top, bottom, left, right, mode):
    torch_mode = ("constant", "replicate", "reflect")[mode]
    layer(name, on_planes(lambda x: F.pad(x, (left, right, top, bottom), mode=torch_mode)), [numbers(*shape)], top=top,
          bottom=bottom, left=left, right=right, mode=mode)


pad("pad_zero", (2, 3, 2, 3), 1, 0, 2, 3, 0)
pad("pad_edge", (2, 2, 3, 2), 3, 1, 0, 2, 1)
pad("pad_reflect", (2, 4, 3, 2), 3, 2, 1, 2, 2)
