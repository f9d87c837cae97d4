# SPDX-License-Identifier: BSD-2-Clause
"""Writes augment_*.safetensors beside this file: DiffAugment's changes (Zhao et al. 2020) by given draws, and the
gradient and the tangent through them, in float64 with PyTorch. A picture here is [C,H,W], and each change is made by
itself and by means that libgan does not use: padding, indices and masks. Usage: python3 augment.py"""
import json
import os
import struct

import torch
from torch.nn.functional import pad

HERE = os.path.dirname(os.path.abspath(__file__))


def save(name, tensors, settings):
    header, data = {"__metadata__": settings}, b""
    for key, tensor in tensors.items():
        numbers = tensor.detach().to(torch.float32).contiguous()
        block = numbers.numpy().astype("<f4").tobytes()
        place = [len(data), len(data) + len(block)]
        header[key] = {"dtype": "F32", "shape": list(numbers.shape), "data_offsets": place}
        data += block
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(HERE, name + ".safetensors"), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def flip(x, draw):
    return torch.flip(x, [2]) if draw["mirror"] else x


def colour(x, draw):
    x = x + draw["brightness"]
    x = draw["saturation"] * (x - x.mean(0, keepdim=True)) + x.mean(0, keepdim=True)
    return draw["contrast"] * (x - x.mean()) + x.mean()


def translation(x, draw):
    _, height, width = x.shape
    down, right = int(draw["down"]), int(draw["right"])
    padded = pad(x, (width, width, height, height))
    rows, columns = torch.arange(height) + height - down, torch.arange(width) + width - right
    return padded[:, rows][:, :, columns]


def cutout(x, draw):
    rows, columns = torch.arange(x.shape[1]).view(-1, 1), torch.arange(x.shape[2]).view(1, -1)
    inside = (rows >= draw["hole_top"]) & (rows < draw["hole_bottom"])
    inside = inside & (columns >= draw["hole_left"]) & (columns < draw["hole_right"])
    return torch.where(inside, torch.zeros_like(x), x)


def augment(x, draws):
    """x [N,H,W,C]"""
    pictures = []
    for i, picture in enumerate(x.permute(0, 3, 1, 2)):
        draw = {name: values[i] for name, values in draws.items()}
        for change in (flip, colour, translation, cutout):
            picture = change(picture, draw)
        pictures.append(picture)
    return torch.stack(pictures).permute(0, 2, 3, 1)


def numbers(*shape):
    return torch.randn(*shape).to(torch.float64)  # float32 numbers: the file holds them exactly


NOTHING = dict(mirror=0, brightness=0, saturation=1, contrast=1, down=0, right=0, hole_top=0, hole_bottom=0,
               hole_left=0, hole_right=0)


def write(name, size, *changes):
    """One picture for each of the changes, dicts of what is not as in NOTHING."""
    draws = {key: torch.tensor([{**NOTHING, **change}[key] for change in changes], dtype=torch.float32).double()
             for key in NOTHING}
    shape = [len(changes)] + size
    x, dy, direction = numbers(*shape).requires_grad_(), numbers(*shape), numbers(*shape)
    y = augment(x, draws)
    (dx,) = torch.autograd.grad(y, x, dy)
    _, tangent = torch.autograd.functional.jvp(lambda inputs: augment(inputs, draws), x, direction)
    tensors = {"x": x, "y": y, "dy": dy, "dx": dx, "direction": direction, "tangent": tangent}
    tensors.update({"draw." + key: values for key, values in draws.items()})
    save(name, tensors, {"kind": "augment"})


torch.manual_seed(1)
write("augment_colour", [5, 4, 3], {}, dict(brightness=0.37), dict(saturation=1.7), dict(saturation=0),
      dict(contrast=0.6), dict(brightness=-0.45, saturation=0.2, contrast=1.4))
write("augment_grey", [4, 3, 1], dict(brightness=0.2, saturation=1.9, contrast=0.75), dict(contrast=1.25))
write("augment_flip", [3, 5, 2], dict(mirror=1), {}, dict(mirror=1, down=1, right=-2))
write("augment_translation", [5, 6, 2], dict(down=1), dict(down=-2), dict(right=2), dict(right=-1),
      dict(down=2, right=-3), dict(down=-1, right=4), dict(down=5), dict(right=-6))
write("augment_cutout", [5, 4, 3], dict(hole_top=1, hole_bottom=3, hole_left=2, hole_right=4),
      dict(hole_top=0, hole_bottom=5, hole_left=0, hole_right=4), dict(hole_top=4, hole_bottom=5, hole_left=3,
                                                                       hole_right=4))
write("augment_all", [9, 7, 5],
      dict(mirror=1, brightness=0.5, saturation=2, contrast=1.5, down=-1, right=1, hole_top=3, hole_bottom=8,
           hole_left=0, hole_right=2),
      dict(brightness=-0.1, saturation=0.3, contrast=0.5, down=1, right=-1, hole_top=6, hole_bottom=9, hole_left=1,
           hole_right=5))
