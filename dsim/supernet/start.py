"""Start: begin a supernet with the weights of a network that was trained before: the largest of its space."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812  (torch's own habit)
from torch import Tensor

from dsim.errors import FileFormatError
from dsim.files import first_line, read_bytes
from dsim.supernet.elastic import Elastic
from dsim.supernet.pieces import pieces_of
from dsim.supernet.trained_model import read_trained

WEIGHTS = "weights.safetensors"  # in the folder of a trained model
REMEDY = (
    "give a .safetensors file with the weights of the space's largest design, under the names of dsim export --to torch, or "
    "a folder that `dsim train` made"
)
# what depends on the classes; where those differ, it begins fresh
CLASSIFIERS = ("head.weight", "head.bias", "dist_head.weight", "dist_head.bias")
BIASES = ".attention_biases"  # depend on the size of the pictures; they are stretched to another
# what a network keeps beside its weights: a supernet recomputes all of it
_BESIDE = (".running_mean", ".running_var", ".num_batches_tracked", ".attention_bias_idxs")


def weights_file(start: str | Path) -> Path:
    """Return the file of weights that a path stands for: itself, or that of a trained model's folder."""
    path = Path(start)
    return path / WEIGHTS if path.is_dir() else path


def mark_of(path: Path) -> str:
    """Return a hash of a file of weights: what tells two starts apart.

    Raises
    ------
    FileAccessError
        The file cannot be read.
    """
    return hashlib.sha256(read_bytes(path, REMEDY)).hexdigest()[:16]


def same_classes(start: str | Path, classes: tuple[str, ...]) -> bool:
    """Return whether trained weights tell the same classes apart, as far as their folder says."""
    return not Path(start).is_dir() or read_trained(start)[1].classes == classes


def begin_with(net: Elastic, path: Path, classifiers: bool = True) -> tuple[str, ...]:
    """Fill the largest sub-network with the weights of a file; return the names of what begins fresh instead.

    EfficientFormer's official keys are those of `dsim.export`, so that a checkpoint of it fits the space whose largest
    design it is (`space_below`), once it is written as safetensors.

    Parameters
    ----------
    classifiers
        False where they tell other classes apart: they then begin fresh.

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
    fresh: list[str] = []
    known = set()
    with torch.no_grad():
        for prefix, piece in pieces_of(
            net.choices.largest, net.choices.stem, net.choices.head, net.resolution, net.classes
        ):
            for name, key, shape in piece.weights:
                full = prefix + name
                known.add(full)
                value = _fitted(found.get(full), full, shape)
                if full in CLASSIFIERS and not classifiers:
                    fresh.append(full)
                elif value is not None and tuple(value.shape) == shape:
                    net.weights[key][tuple(slice(0, length) for length in shape)] = value.to(net.weights[key])
                elif full in CLASSIFIERS:
                    fresh.append(full)
                else:
                    got = "nothing" if value is None else f"shape {tuple(value.shape)}"
                    raise FileFormatError(f"{path} must hold {full} of shape {shape}, got {got}; {REMEDY}")
    odd = [name for name in found if name not in known and not name.endswith(_BESIDE)]
    if odd:
        raise FileFormatError(
            f"{path} must hold the weights of the space's largest design alone, got also {odd[0]}; {REMEDY}"
        )
    return tuple(fresh)


def _fitted(value: Tensor | None, name: str, shape: tuple[int, ...]) -> Tensor | None:
    """Stretch the attention biases of another map to the size of this one, as the exporter's module does when it runs."""
    if value is None or not name.endswith(BIASES) or value.ndim != 2 or tuple(value.shape) == shape:
        return value
    heads, side, wanted = value.shape[0], round(value.shape[1] ** 0.5), round(shape[1] ** 0.5)
    if side * side != value.shape[1]:
        return value
    table = value.float().view(1, heads, side, side)
    return F.interpolate(table, (wanted, wanted), mode="bilinear", align_corners=True).view(heads, -1)
