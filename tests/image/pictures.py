# SPDX-License-Identifier: BSD-2-Clause
"""Writes tests/image/pictures/: small PNG and JPEG files by Pillow, and what Pillow and NumPy read from them or make
of them, as .npy files. Pillow 9.4, libjpeg-turbo 2.1, NumPy 1.24, PyTorch 1.13 (which is asked whether it agrees).

usage: /usr/bin/python3 pictures.py FOLDER"""
import pathlib
import sys

import numpy as np
import torch
from PIL import Image

folder = pathlib.Path(sys.argv[1])
folder.mkdir(exist_ok=True)
rng = np.random.default_rng(7)


def picture(height, width, channels):
    """Colour that changes slowly, with an edge and a little noise."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [128 + 90 * np.sin(x / (3 + k) + k) * np.cos(y / (4 - k / 2)) + 30 * (x > y + k) for k in range(channels)]
    return np.clip(np.stack(planes, 2) + rng.normal(0, 3, (height, width, channels)), 0, 255).astype(np.uint8)


def save(name, array):
    np.save(folder / (name + ".npy"), np.ascontiguousarray(array))


def over_white(colour, alpha):
    a = alpha.astype(int)[:, :, None]
    return ((a * colour + (255 - a) * 255 + 127) // 255).astype(np.uint8)


def deep_png(name, samples):
    """A PNG of 16 bits by hand, as Pillow has none in colour; [H,W,3] big-endian."""
    import struct
    import zlib

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    h, w, _ = samples.shape
    raw = b"".join(b"\0" + samples[y].astype(">u2").tobytes() for y in range(h))
    header = struct.pack(">IIBBBBB", w, h, 16, 2, 0, 0, 0)
    (folder / (name + ".png")).write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))


colour, grey = picture(9, 7, 3), picture(9, 7, 1)
alpha = rng.integers(0, 256, (9, 7), dtype=np.uint8)

Image.fromarray(colour).save(folder / "colour.png")
save("colour", colour)
Image.fromarray(grey[:, :, 0]).save(folder / "grey.png")
save("grey", grey)
Image.fromarray(np.dstack([colour, alpha])).save(folder / "alpha.png")
save("alpha", over_white(colour, alpha))
Image.fromarray(np.dstack([grey, alpha]), "LA").save(folder / "grey_alpha.png")
save("grey_alpha", over_white(grey, alpha))
palette = Image.fromarray(colour).quantize(5)
palette.save(folder / "palette.png", bits=4)
save("palette", np.array(palette.convert("RGB")))
palette.save(folder / "palette_hole.png", transparency=2)
save("palette_hole", over_white(np.array(palette.convert("RGB")), np.where(np.array(palette) == 2, 0, 255)))
one = Image.fromarray(grey[:, :, 0] > 128)
one.save(folder / "one_bit.png")
save("one_bit", np.array(one.convert("L"))[:, :, None])
deep = rng.integers(0, 65536, (5, 4, 3))
deep_png("deep", deep)
save("deep", np.rint(deep / 257).astype(np.uint8))

large, large_grey = picture(21, 35, 3), picture(21, 35, 1)
for name, image, options in (
    ("baseline", Image.fromarray(large), dict(quality=80)),
    ("progressive", Image.fromarray(large), dict(quality=80, progressive=True)),
    ("jpeg_grey", Image.fromarray(large_grey[:, :, 0]), dict(quality=75)),
    ("inks", Image.fromarray(large).convert("CMYK"), dict(quality=80)),
):
    image.save(folder / (name + ".jpg"), **options)
    read = Image.open(folder / (name + ".jpg"))
    if name == "inks":  # Adobe's mark: Pillow has turned white into ink; back, and light times light
        light = 255 - np.array(read).astype(int)
        save(name, ((light[:, :, :3] * light[:, :, 3:] + 127) // 255).astype(np.uint8))
    else:
        save(name, np.atleast_3d(np.array(read)))

# Sizes: smaller, larger, one axis only, uneven.
bytes_in, floats_in = picture(23, 17, 3), rng.normal(0, 1, (11, 13, 1)).astype(np.float32)
save("resize_bytes", bytes_in)
save("resize_floats", floats_in)
# What a dataset makes of it: 8 wide and 23 * 8 / 17 = 10 high, the rows from (10 - 8) / 2 = 1 on; grey after that.
Image.fromarray(bytes_in).save(folder / "tall.png")
fitted = Image.fromarray(bytes_in).resize((8, 10), Image.BILINEAR).crop((0, 1, 8, 9))
save("fit_crop", np.array(fitted))
save("fit_grey", np.array(fitted.convert("L"))[:, :, None])
save("fit_stretch", np.array(Image.fromarray(bytes_in).resize((8, 8), Image.LANCZOS)))
for name in ("bilinear", "box", "bicubic", "lanczos"):
    resample = getattr(Image, name.upper())
    for h, w in ((7, 5), (30, 40), (23, 8), (9, 17)):
        save(f"bytes_{name}_{h}x{w}", np.array(Image.fromarray(bytes_in).resize((w, h), resample)))
    for h, w in ((4, 5), (16, 16)):
        made = np.array(Image.fromarray(floats_in[:, :, 0]).resize((w, h), resample))
        save(f"floats_{name}_{h}x{w}", made[:, :, None])
        if name in ("bilinear", "bicubic"):
            other = torch.nn.functional.interpolate(torch.tensor(floats_in).permute(2, 0, 1)[None].double(), (h, w),
                                                    mode=name, antialias=True)[0, 0].numpy()
            if abs(other - made).max() > 2e-6:
                sys.exit(f"PyTorch and Pillow differ by {abs(other - made).max()}: {name} {h}x{w}")
