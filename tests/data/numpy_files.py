#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What NumPy writes, npy_copy reads, and what that writes, NumPy reads. usage: numpy_files.py NPY_COPY"""
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
    from numpy.lib import format as npy
except ImportError:
    sys.exit(77)


def copy(source, target):
    done = subprocess.run([sys.argv[1], source, target], stdout=subprocess.PIPE, check=False)
    return done.returncode, done.stdout.decode()


rng = np.random.default_rng(1)
failures = 0
with tempfile.TemporaryDirectory() as name:
    source, target = pathlib.Path(name, "source.npy"), pathlib.Path(name, "target.npy")
    for dtype in ("<f4", "|u1", "<i4", "<i8"):
        for shape in ((1,), (7,), (3, 4), (2, 3, 5, 1), (1, 2, 1, 2, 1, 2, 1, 2)):
            for version in ((1, 0), (2, 0), (3, 0)):
                drawn = rng.normal(0, 1, shape) if dtype == "<f4" else rng.integers(0, 256, shape)
                array = drawn.astype(dtype)
                with open(source, "wb") as file:
                    npy.write_array(file, array, version=version)
                code, text = copy(source, target)
                read = np.load(target) if code == 0 else None
                if code != 0 or read.shape != shape or not np.array_equal(read, array):
                    print(dtype, shape, version, code, text)
                    failures += 1
    refused = {
        "type": np.zeros(3), "big-endian": np.zeros(3, ">f4"), "order": np.asfortranarray(np.zeros((2, 3), "<f4")),
        "too large": np.array([1 << 40]), "no dimension": np.float32(1), "empty": np.zeros((0, 3), "<f4"),
        "nine": np.zeros((1,) * 9, "<f4"), "struct": np.zeros(2, [("a", "<f4")]), "text": np.array(["a"]),
    }
    for what, array in refused.items():
        np.save(source, array)
        code, text = copy(source, target)
        if code != 1 or "source.npy: " not in text:
            print("not refused:", what, code, text)
            failures += 1
sys.exit(failures > 0)
