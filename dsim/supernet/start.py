"""Start: begin a supernet with the weights of a network that was trained before: the largest of its space."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch

from dsim.errors import FileFormatError
from dsim.files import first_line, read_bytes
from dsim.supernet.elastic import Elastic
from dsim.supernet.pieces import pieces_of

REMEDY = "give a .safetensors file with the weights of the space's largest design, under the names of dsim export --to torch"
# what depends on the number of classes or on the size of the pictures; where those differ, it begins fresh
DEPENDENT = ("head.weight", "head.bias", "dist_head.weight", "dist_head.bias", "attention_biases")


def mark_of(path: Path) -> str:
    """Return a hash of a file of weights: what tells two starts apart.

    Raises
    ------
    FileAccessError
        The file cannot be read.
    """
    return hashlib.sha256(read_bytes(path, REMEDY)).hexdigest()[:16]


def begin_with(net: Elastic, path: Path) -> tuple[str, ...]:
    """Fill the largest sub-network with the weights of a file; return the names of what begins fresh instead.

    EfficientFormer's official keys are those of `dsim.export`, so that a checkpoint of it fits the space whose largest
    design it is, once it is written as safetensors.

    Raises
    ------
    FileFormatError
        It is not safetensors, or holds the weights of another design.
    """
    from safetensors import SafetensorError  # deferred: only supernets need it
    from safetensors.torch import load

    try:
        found = load(read_bytes(path, REMEDY))
    except (SafetensorError, ValueError) as error:
        raise FileFormatError(
            f"{path} must be safetensors, and is not ({first_line(error)}); {REMEDY}"
        ) from error
    largest, fresh = net.choices.largest, []
    with torch.no_grad():
        for prefix, piece in pieces_of(
            largest, net.choices.stem, net.choices.head, net.resolution, net.classes
        ):
            for name, key, shape in piece.weights:
                full = prefix + name
                value = found.get(full)
                if value is not None and tuple(value.shape) == shape:
                    net.weights[key][tuple(slice(0, length) for length in shape)] = value.to(net.weights[key])
                elif full.endswith(DEPENDENT):
                    fresh.append(full)
                else:
                    got = "nothing" if value is None else f"shape {tuple(value.shape)}"
                    raise FileFormatError(f"{path} must hold {full} of shape {shape}, got {got}; {REMEDY}")
    return tuple(fresh)
