#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Weights go from libgan to PyTorch and back, and both make the same images of them. Needs PyTorch: without, it is
skipped.

usage: interchange.py PROGRAM FOLDER     PROGRAM: interchange.c; FOLDER: tests/golden"""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

try:
    import torch
except ImportError:
    print("skipped: there is no PyTorch")
    sys.exit(77)

sys.dont_write_bytecode = True
program, golden = sys.argv[1:3]
sys.path.insert(0, golden)
from vectors import save  # noqa: E402
from weights_networks import NETWORKS, inputs_of, output_of, trained  # noqa: E402


def load(path):
    """A safetensors file, as the package of that name reads it."""
    content = path.read_bytes()
    begin = 8 + struct.unpack("<Q", content[:8])[0]
    tensors = {}
    for name, entry in json.loads(content[8:begin]).items():
        first, last = (begin + offset for offset in entry["data_offsets"])
        kind = {"F32": torch.float32, "I64": torch.int64}[entry["dtype"]]
        tensors[name] = torch.frombuffer(bytearray(content[first:last]), dtype=kind).reshape(entry["shape"])
    return tensors


def run(mode, folder):
    subprocess.run([program, mode, str(folder)], check=True)


def to_pytorch(folder):
    for name, make in NETWORKS.items():
        save(folder, name, {f"x{i}": x for i, x in enumerate(inputs_of(make(), 4))})
        (folder / f"{name}.safetensors").rename(folder / f"{name}.inputs")
    run("write", folder)
    for name, make in NETWORKS.items():
        network, images = make(), load(folder / f"{name}.images")
        network.load_state_dict(load(folder / f"{name}.ours"), strict=True)
        inputs = [images[f"x{i}"].double() for i in range(2) if f"x{i}" in images]
        wanted = output_of(network.eval(), inputs)
        difference = (wanted - images["y"]).abs().max() / wanted.abs().max()
        print(f"{name}: libgan's weights in PyTorch, images differ by {difference:.1e}")
        if not difference <= 1e-5:
            sys.exit(f"{name}: {difference}")


def to_libgan(folder):
    for name, make in NETWORKS.items():
        network = trained(make())
        inputs = inputs_of(network, 4)
        tensors = {f"model.{key}": value for key, value in network.state_dict().items()}
        save(folder, name, {**tensors, "y": output_of(network, inputs), **{f"x{i}": x for i, x in enumerate(inputs)}})
        (folder / f"{name}.safetensors").rename(folder / f"{name}.theirs")
    run("read", folder)


torch.manual_seed(0)
with tempfile.TemporaryDirectory() as name:
    to_pytorch(pathlib.Path(name))
    to_libgan(pathlib.Path(name))
