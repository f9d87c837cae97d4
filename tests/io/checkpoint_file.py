# SPDX-License-Identifier: BSD-2-Clause
"""Reads a checkpoint by docs/formats.md alone, writes it anew in another order and spelling, and lets the library go on
from both: the ends must be the same file. Opens it by the package safetensors, too, where that is there.

usage: checkpoint_file.py PROGRAM"""
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import zlib


def checksum(file):
    place = re.search(rb'"gan.checksum"\s*:\s*"', file).end()
    return place, b"%08x" % zlib.crc32(file[:place] + b"00000000" + file[place + 8 :])


def parse(file):
    (length,) = struct.unpack("<Q", file[:8])
    header, data = json.loads(file[8 : 8 + length]), file[8 + length :]
    texts = header.pop("__metadata__")
    tensors = {name: (t["shape"], data[slice(*t["data_offsets"])]) for name, t in header.items() if t["dtype"] == "F32"}
    assert len(tensors) == len(header) and sum(len(bytes) for _, bytes in tensors.values()) == len(data)
    return texts, tensors


def write(texts, tensors):
    header, data = {}, b""
    for name, (shape, numbers) in sorted(tensors.items(), reverse=True):
        header[name] = {"data_offsets": [len(data), len(data) + len(numbers)], "shape": shape, "dtype": "F32"}
        data += numbers
    header["__metadata__"] = {"gan.note": texts["gan.note"], "gan.checksum": "00000000"}
    header["__metadata__"]["gan.checkpoint"] = json.dumps(json.loads(texts["gan.checkpoint"]), sort_keys=True, indent=1)
    text = json.dumps(header, indent=2).encode()
    file = struct.pack("<Q", len(text)) + text + data
    place, digits = checksum(file)
    return file[:place] + digits + file[place + 8 :]


def check_content(texts, tensors):
    checkpoint = json.loads(texts["gan.checkpoint"])
    counters = checkpoint["state"]["counters"]
    assert checkpoint["version"] == 1 and int(checkpoint["seed"]) == 0xFEDCBA9876543210, checkpoint
    assert checkpoint["metric"] == {"name": "fid", "value": 0.1} and texts["gan.note"] == "a note"
    assert int(counters["steps"]) == 7 and int(counters["average.images"]) == 28, counters
    assert checkpoint["dataset"]["position"] == 28 and checkpoint["dataset"]["epoch"] == "0"
    for name, (shape, numbers) in tensors.items():
        count = 1
        for size in shape:
            count *= size
        assert len(numbers) == 4 * count, name
        player, rest = name.split(".", 1)
        if player.endswith("_optimizer"):
            assert tensors[player[: -len("_optimizer")] + "." + rest.split(".", 1)[1]][0] == shape, name
        elif player == "average":
            assert tensors["generator." + rest][0] == shape, name


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = pathlib.Path(folder, "ours"), pathlib.Path(folder, "theirs")
        subprocess.run([program, "write", ours], check=True)
        file = ours.read_bytes()
        place, digits = checksum(file)
        assert file[place : place + 8] == digits, (file[place : place + 8], digits)
        texts, tensors = parse(file)
        check_content(texts, tensors)
        try:
            import safetensors

            opened = {name: (t["shape"], bytes(t["data"])) for name, t in safetensors.deserialize(file)}
            assert opened == tensors
        except ImportError:
            print("the package safetensors is not there: not opened by it")
        theirs.write_bytes(write(texts, tensors))
        for path in ours, theirs:
            subprocess.run([program, "read", path], check=True)
        assert ours.read_bytes() == theirs.read_bytes()


main(sys.argv[1])
