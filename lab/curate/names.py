"""Write what timm, torchvision and published tables call the stored networks: dsim/data/names.csv; and timm's list of names.

A name of timm stands for the input side that timm gives it, whether that one is stored or not. A name of torchvision
stands for a stored network whose weights have the same shapes, at the side that torchvision's weights ask for; where timm
knows several such networks, the shortest name is the plain one.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path

import torch
from torch import nn

from dsim.device.find import bundled_profile
from dsim.device.folders import bundled_names
from dsim.graph.key import NetworkKey, split_key
from dsim.latency.names import plain
from dsim.latency.networks import shared_keys
from lab.curate.tables import write_table
from lab.networks.with_timm import timm_here, torchvision_here

HUGE = ("regnet_y_128gf", "vit_h_14")
ALIKE = ("conv", "dense", "effi", "goog", "ince", "maxv", "mnas", "mobi", "regn", "resn", "shuf", "sque", "swin", "vgg", "vit_", "wide")  # fmt: skip


def curate(_raw: Path, out: Path) -> None:
    """Write both files."""
    stems = sorted({NetworkKey.of(key).name for key in shared_keys()})
    plain_stems = [stem for stem in stems if not re.match(r"(cv|tv|hf)-", stem) and "+" not in stem]
    rows = sorted([*timm_rows(plain_stems), *torchvision_rows(plain_stems), *published_rows()])
    write_table(out / "dsim/data/names.csv", ("source", "name", "key"), rows)
    timm = timm_here()
    head = f"# The names of the networks of timm {timm.__version__} (timm.list_models(), Apache-2.0), one a line."
    lines = "\n".join([head, *sorted(timm.list_models())])
    (out / "dsim/data/timm_names.txt").write_text(f"{lines}\n", encoding="utf-8")


def timm_rows(stems: list[str]) -> list[tuple[str, str, str]]:
    """Return every stored network of timm at timm's own side, and the tags that ask for another side."""
    timm = timm_here()
    tags = defaultdict(list)
    for name in timm.list_pretrained():
        tags[name.partition(".")[0]].append(name)
    rows = []
    for stem in stems:
        config = timm.get_pretrained_cfg(stem)
        if not timm.is_model(stem) or config is None:
            continue
        side = config.input_size[-1]
        rows.append(("timm", stem, f"{stem}@{side}"))
        for name in tags[stem]:
            own = timm.get_pretrained_cfg(name).input_size[-1]
            if own != side:
                rows.append(("timm", name, f"{stem}@{own}"))
    return rows


def shapes(model: nn.Module) -> tuple[int, tuple[tuple[tuple[int, ...], int], ...]]:
    """Return the number of parameters, and how many weights of each shape there are, but for biases, norms and layer scales.

    Sides of one are left out: a linear layer is a convolution of one pixel.
    """
    plain_shapes = (tuple(side for side in p.shape if side > 1) for p in model.parameters())
    counts = sorted(Counter(shape for shape in plain_shapes if len(shape) > 1).items())
    return sum(p.numel() for p in model.parameters()), tuple(counts)


def torchvision_rows(stems: list[str]) -> list[tuple[str, str, str]]:
    """Match torchvision's classifiers to stored networks by the shapes of their weights."""
    timm, models = timm_here(), torchvision_here().models
    known = defaultdict(list)
    for stem in stems:
        if stem.startswith(ALIKE) and timm.is_model(stem):
            with torch.device("meta"):
                known[shapes(timm.create_model(stem))].append(stem)
    rows = []
    for name in models.list_models(module=models):
        if name in HUGE:
            continue
        sides = {w.transforms.keywords["crop_size"] for w in models.get_model_weights(name)}
        side = min(sides)  # later recipes test larger than they train
        if f"tv-{name}@{side}" in shared_keys():
            rows.append(("torchvision", name, f"tv-{name}@{side}"))
            continue
        extra = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
        with torch.device("cpu" if name.startswith("regnet") else "meta"):
            model = models.get_model(name, weights=None, **extra)
        if name in ("googlenet", "inception_v3"):
            model.AuxLogits = model.aux1 = model.aux2 = None  # in training only
        found = sorted(known[shapes(model)], key=lambda stem: (len(stem), stem))
        if found:
            rows.append(("torchvision", name, f"{found[0]}@{side}"))
    return rows


def published_rows() -> list[tuple[str, str, str]]:
    """Return what sources of bundled figures call a network, where that stands for one network only.

    What vendors of boards call timm's networks is left out: some of their names stand for other networks elsewhere.
    """
    said: dict[str, dict[str, str]] = defaultdict(dict)
    profiles = (bundled_profile(name) for name in bundled_names())
    for profile in (one for one in profiles if one.group != "boards"):
        for row in profile.networks:
            if row.graph in shared_keys() and row.network not in (row.graph, split_key(row.graph)[0]):
                said[plain(row.network)].setdefault(row.graph, row.network)
    rows = []
    for called in said.values():
        if len(called) == 1:
            ((key, network),) = called.items()
            rows.append(("published", network, key))
    return rows
