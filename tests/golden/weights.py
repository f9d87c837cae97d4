#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes weights_NAME.safetensors into this folder: the networks of weights_networks.py, their state_dict() with
"model." before each name, inputs x0 (and x1), and the output y in eval mode, in float64. Pictures of x0 and y have their
channels last. Needs python3-torch (1.13). The same files come out every time.

usage: weights.py [FOLDER]"""
import torch

from vectors import folder, save
from weights_networks import NETWORKS, inputs_of, output_of, trained

for seed, (name, make) in enumerate(NETWORKS.items()):
    torch.manual_seed(20261125 + seed)
    network = trained(make())
    inputs = inputs_of(network, 3)
    tensors = {f"model.{key}": value for key, value in network.state_dict().items()}
    tensors.update({f"x{i}": x for i, x in enumerate(inputs)})
    tensors["y"] = output_of(network, inputs)
    assert tensors["y"].std() > 0.01, name
    save(folder(), f"weights_{name}", tensors)
