"""What the words of an output mean, for those alone that occur in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from dsim.arch import Arch

# how a block mixes what lies beside each other, before its MLP
BLOCKS: Mapping[str, str] = {
    "pooling": "pooling averages 3x3 neighbours",
    "conv3": "conv3 is a depthwise 3x3 convolution",
    "conv5": "conv5 is a depthwise 5x5 convolution",
    "conv7": "conv7 is a depthwise 7x7 convolution",
    "ffn": "ffn is an MLP that holds a depthwise 3x3 convolution",
    "attention": "attention is EfficientFormer's",
    "attention_v2": "attention_v2 is EfficientFormerV2's",
    "identity": "identity is the MLP alone",
}
STEMS: Mapping[str, str] = {
    "two_convs": "two 3x3 convolutions of stride 2",
    "conv7": "one 7x7 convolution of stride 4",
    "patchify": "one 4x4 convolution of stride 4",
}
EVIDENCE: Mapping[str, str] = {
    "contrast": "a clean contrast is two measured networks that differ in one thing alone",
    "donor": "the donor is the device whose prices this one starts from",
}
SIZES = {"large": "large", "med": "medium"}  # cores of a phone's processor


def design_glossary(archs: Iterable[Arch]) -> str:
    """Say what the stems and blocks of some designs are, each once."""
    shown = list(archs)
    blocks = dict.fromkeys(
        str(block.mixer) for arch in shown for stage in arch.stages for block in stage.blocks
    )
    stems = dict.fromkeys(str(arch.stem) for arch in shown)
    first = "; ".join(f"stem {stem} is {STEMS[stem]}" for stem in stems)
    return f"{first}. Blocks: {'; '.join(BLOCKS[block] for block in blocks)}."


def evidence_glossary(text: str) -> str:
    """Say what the words about evidence in a text mean; empty where it has none."""
    found = [means for word, means in EVIDENCE.items() if re.search(rf"\b{word}", text)]
    return f"{'; '.join(found)}." if found else ""


def cores_glossary(text: str) -> str:
    """Say what the cores in the names of profiles are (``1large1med``); empty where there are none."""
    found = dict.fromkeys(re.findall(r"\b(?:\d(?:large|med))+\b", text))
    said = [f"{name}: on {_cores(name)}" for name in found]
    return f"{'; '.join(said)}." if said else ""


def _cores(name: str) -> str:
    parts = re.findall(r"(\d)(large|med)", name)
    return " and ".join(f"{count} {SIZES[size]} core{'' if count == '1' else 's'}" for count, size in parts)
