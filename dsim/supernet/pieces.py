"""Pieces of a network as the exporter builds them, with the names that their weights have in the supernet.

Nothing here computes: stem, transitions, blocks and head are the modules of `dsim.export`, made without memory of their
own. A supernet lends them the leading channels of its weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812  (torch's own habit)
from torch import Tensor, nn

from dsim.arch import Arch, Block, Downsample, Head, Mixer, Norm, Stage, Stem
from dsim.arch.choices import Activation
from dsim.export import build_module
from dsim.export.torch_parts.attention import offset_indices

if TYPE_CHECKING:
    from dsim.supernet.subnet import Subnet

MULTIPLE = 32  # what the side of a design's image is a multiple of
FEW_POSITIONS = 4  # of a convolution's result: a map of 2x2, as stages 3 and 4 make of small pictures
_MLP_WEIGHTS = ("mlp.", "norm2.", "layer_scale_2")
_ALONE = {
    "layer_scale": "layer_scale_2",
    "norm.weight": "norm2.weight",
    "norm.bias": "norm2.bias",
}  # MLP blocks


def design_px(px: int) -> int:
    """Return the resolution of the designs that are trained on pictures of ``px``: the next multiple of 32."""
    return -(-px // MULTIPLE) * MULTIPLE


@dataclass(frozen=True, eq=False)
class Piece:
    """One module, and where its weights come from.

    Attributes
    ----------
    module
        From the exporter, without weights.
    weights
        For each of its parameters: the name in the module, the name in the supernet, the shape.
    buffers
        Tables that the module computes with.
    """

    module: nn.Module
    weights: tuple[tuple[str, str, tuple[int, ...]], ...]
    buffers: dict[str, Tensor]


class Pointwise(nn.Conv2d):
    """A 1x1 convolution as a product of matrices: on small maps, the weights' gradient of a convolution is far slower."""

    def forward(self, x: Tensor) -> Tensor:
        """Mix channels."""
        return F.linear(x.permute(0, 2, 3, 1), self.weight.flatten(1), self.bias).permute(0, 3, 1, 2)


class SmallMaps(nn.Conv2d):
    """A convolution whose results are the same, and quicker on a CPU where it makes a map of a few positions.

    A dense one is a product of matrices there, as `Pointwise`. One for each channel leaves bfloat16, in which torch needs
    three times as long for it.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Convolve."""
        size, step, edge = self.kernel_size[0], self.stride[0], int(self.padding[0])
        down, right = ((length + 2 * edge - size) // step + 1 for length in x.shape[2:])
        if x.device.type != "cpu" or down * right > FEW_POSITIONS:
            return super().forward(x)
        if self.groups > 1:
            with torch.autocast("cpu", enabled=False):
                return super().forward(x.float()).to(x.dtype)
        padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, edge, edge, edge, edge))
        seen = [
            padded[:, i : i + step * (down - 1) + 1 : step, j : j + step * (right - 1) + 1 : step]
            for i in range(size)
            for j in range(size)
        ]
        weight = self.weight.permute(0, 2, 3, 1).flatten(1)
        return F.linear(torch.cat(seen, dim=-1), weight, self.bias).permute(0, 3, 1, 2)


def bare_module(arch: Arch) -> nn.Module:
    """Build a design's module without memory for weights; its tables are there."""
    with torch.device("meta"):
        module = build_module(arch)
    for part in module.modules():
        if hasattr(part, "attention_bias_idxs"):
            assert isinstance(part.size, tuple)
            assert isinstance(part.step, int)
            part.attention_bias_idxs = offset_indices(part.size, part.step)
    return module


def _shared(module: nn.Module) -> nn.Module:
    """Prepare a module for weights that many share: batch norms keep no statistics, convolutions are quick on small maps."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.track_running_stats = False
        if isinstance(part, nn.Conv2d) and part.kernel_size == (1, 1) and part.groups == 1:
            part.__class__ = Pointwise
        elif type(part) is nn.Conv2d:
            part.__class__ = SmallMaps
    return module


def _named(module: nn.Module, prefix: str, mlp_prefix: str = "") -> Piece:
    """Name a module's weights; what belongs to a block's MLP has a prefix of its own."""
    rows = []
    for name, weight in module.named_parameters():
        plain = _ALONE.get(name, name) if mlp_prefix else name
        chosen = mlp_prefix if mlp_prefix and plain.startswith(_MLP_WEIGHTS) else prefix
        rows.append((name, f"{chosen}.{plain}", tuple(weight.shape)))
    buffers = {name: value for name, value in module.named_buffers() if value.device.type != "meta"}
    return Piece(_shared(module), tuple(rows), buffers)


def _mlp_family(mixer: Mixer) -> str:
    """Return whose MLP a block has: blocks of one family share it in a slot, whatever their mixer."""
    if mixer is Mixer.ATTENTION:
        return "attention"
    return "ffn" if mixer in (Mixer.FFN, Mixer.ATTENTION_V2) else "mlp"


_FILLER = Block(Mixer.IDENTITY, 1.0)


def _around(
    stage: int, width: int, blocks: tuple[Block, ...], stem: Stem, resolution: int, before: int = 2
) -> Arch:
    """Return the smallest design that holds a stage; ``before`` is the width of the stage before it."""
    widths = [2, 2, 2, 2]
    if stage:
        widths[stage - 1] = before
    widths[stage] = width
    stages = tuple(
        Stage(widths[i], blocks if i == stage else (_FILLER,), Downsample.CONV_NORM if i else Downsample.NONE)
        for i in range(4)
    )
    norm = Norm.LAYER if stages[-1].ends_in_tokens else Norm.BATCH
    return Arch(stages, stem, Activation.RELU if stem is Stem.TWO_CONVS else None, Head(norm), resolution, 2)


@lru_cache(maxsize=4096)
def block_piece(stage: int, slot: int, block: Block, width: int, resolution: int) -> Piece:
    """Return the piece of one block in a slot."""
    return _named(
        _block_module(stage, block, width, resolution),
        f"stages.{stage}.{slot}.{block.mixer}",
        f"stages.{stage}.{slot}.{_mlp_family(block.mixer)}",
    )


@lru_cache(maxsize=4096)
def _block_module(stage: int, block: Block, width: int, resolution: int) -> nn.Module:
    """Return a block; slots share it, for it holds no weights."""
    network = bare_module(_around(stage, width, (block,), Stem.PATCHIFY, resolution)).get_submodule("network")
    made = network.get_submodule(str(2 * stage))
    assert isinstance(made, nn.Sequential)
    return made[-1]  # behind what flattens a map, where there is such


@lru_cache(maxsize=512)
def stem_piece(stem: Stem, width: int, resolution: int) -> Piece:
    """Return the piece from the image to the first map."""
    return _named(
        bare_module(_around(0, width, (_FILLER,), stem, resolution)).get_submodule("patch_embed"), "stem"
    )


@lru_cache(maxsize=512)
def transition_piece(stage: int, before: int, width: int, resolution: int) -> Piece:
    """Return the piece that leads to stage 1, 2 or 3."""
    arch = _around(stage, width, (_FILLER,), Stem.PATCHIFY, resolution, before)
    return _named(bare_module(arch).get_submodule(f"network.{2 * stage - 1}"), f"stages.{stage}.downsample")


@lru_cache(maxsize=512)
def head_piece(width: int, head: Head, resolution: int, classes: int) -> Piece:
    """Return norm and classifiers."""
    arch = replace(_around(3, width, (_FILLER,), Stem.PATCHIFY, resolution), head=head, num_classes=classes)
    module = bare_module(arch)
    names = ("norm", "head", "dist_head") if head.distilled else ("norm", "head")
    return _named(nn.ModuleDict({name: module.get_submodule(name) for name in names}), "head")


def pieces_of(
    subnet: Subnet, stem: Stem, head: Head, resolution: int, classes: int
) -> Iterator[tuple[str, Piece]]:
    """Yield the pieces of a sub-network in the order in which they run, each with its name in the whole module."""
    yield "patch_embed.", stem_piece(stem, subnet.widths[0], resolution)
    for stage in range(4):
        if stage:
            yield (
                f"network.{2 * stage - 1}.",
                transition_piece(stage, subnet.widths[stage - 1], subnet.widths[stage], resolution),
            )
        tokens, place = False, 0
        for slot, block in enumerate(subnet.slots[stage]):
            if block is None:
                continue
            if block.mixer is Mixer.ATTENTION and not tokens:
                tokens, place = (
                    True,
                    place + 1,
                )  # the module that flattens the map has a place, and no weights
            yield (
                f"network.{2 * stage}.{place}.",
                block_piece(stage, slot, block, subnet.widths[stage], resolution),
            )
            place += 1
    yield "", head_piece(subnet.widths[3], head, resolution, classes)
