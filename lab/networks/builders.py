"""Build the network that a key names, in the form in which it was timed.

A key is a name and the side of the image, ``name@px``:

- ``cv-NAME`` is pytorchcv's, ``tv-NAME`` torchvision's, ``hf-NAME`` one of transformers.py;
- another name is one of own.py or changed.py where it stands there, and timm's else. Its branches are merged, as a phone runs
  it, but for ``NAME+unfused``, which is as timm builds it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from dsim.graph.key import NetworkKey
from lab.networks import transformers
from lab.networks.changed import CHANGED
from lab.networks.own import OWN
from lab.networks.with_timm import timm_here, torchvision_here

WRITTEN: dict[str, Callable[[], nn.Module]] = {**OWN, **CHANGED}
UNFUSED = "unfused"
# MobileCLIP's image encoders end in an embedding, and ran so on a phone; every other network has 1,000 classes
ENCODERS = ("fastvit_mci", "vit_base_mci")


def build(key: NetworkKey) -> nn.Module:
    """Build a network for evaluation, without weights where the source's code allows that."""
    source = source_of(key.name)
    # what pytorchcv and torchvision compute while they build needs numbers
    with torch.device("cpu" if source in ("cv", "tv") else "meta"):
        return SOURCES[source](key.name.removeprefix(f"{source}-"), key.px).eval()


def source_of(name: str) -> str:
    """Return the key in SOURCES of what builds a network."""
    prefix = name.partition("-")[0]
    return prefix if prefix in SOURCES else "timm"


def _pytorchcv(name: str, px: int) -> nn.Module:
    get_model: Callable[..., nn.Module] = importlib.import_module("pytorchcv.model_provider").get_model
    return get_model(name, in_size=(px, px)) if px != 224 else get_model(name)


def _torchvision(name: str, _px: int) -> nn.Module:
    builder: Callable[..., nn.Module] = getattr(torchvision_here().models, name)
    # its heads for training do not run
    return builder(aux_logits=False, init_weights=False) if name == "googlenet" else builder()


def _timm(name: str, px: int) -> nn.Module:
    timm_here()  # before any part of it is imported
    plain, _, form = name.partition("+")
    model = WRITTEN[plain]() if plain in WRITTEN else _at_side(plain, px)
    if form == UNFUSED:
        return model
    return importlib.import_module("timm.utils.model").reparameterize_model(model.eval())


def _at_side(name: str, px: int) -> nn.Module:
    """Build a network of timm for images of a side."""
    timm = timm_here()
    head = {} if name.startswith(ENCODERS) else {"num_classes": 1000}
    model: nn.Module = timm.create_model(name, **head)
    if timm.get_pretrained_cfg(name).input_size[-1] != px:
        for side in ("img_size", "resolution"):
            try:
                model = timm.create_model(name, **head, **{side: px})
                break
            except TypeError:  # it takes any side, or calls it by another name
                continue
    if name.startswith("efficientformer_"):
        _resize_biases(model, px // 32)  # attention runs at stride 32
    return model


def _resize_biases(model: nn.Module, side: int) -> None:
    """Make EfficientFormer's tables of attention biases those of another image; timm has 7 x 7 tokens only."""
    module: Any
    for module in model.modules():
        if hasattr(module, "attention_biases"):
            module.attention_biases = nn.Parameter(torch.zeros(module.num_heads, side * side))
            module.attention_bias_idxs = torch.zeros(side * side, side * side, dtype=torch.long)


SOURCES: dict[str, Callable[[str, int], nn.Module]] = {
    "cv": _pytorchcv,
    "tv": _torchvision,
    "hf": transformers.build,
    "timm": _timm,
}
