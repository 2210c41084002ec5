"""Elastic: the shared weights of all sub-networks, and how a sub-network runs on them, or is cut out of them."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F  # noqa: N812  (torch's own habit)
from torch import Tensor, nn
from torch.func import functional_call

from dsim.arch import Arch, Block, Mixer, Norm
from dsim.export.torch_parts.blocks import Flat
from dsim.supernet.choices import Choices
from dsim.supernet.pieces import (
    Piece,
    bare_module,
    block_piece,
    design_px,
    head_piece,
    pieces_of,
    stem_piece,
    transition_piece,
)
from dsim.supernet.subnet import Subnet

LAYER_SCALE = 0.1  # where the exporter's 1e-5 begins, blocks say next to nothing for hundreds of steps
INIT_STD = 0.02  # the exporter's


class Elastic:
    """The weights of a supernet.

    A sub-network uses the leading channels of each weight (entangled widths, as in AutoFormer and BigNAS). Each slot has
    its own weights, and in a slot each mixer; mixers with the same kind of MLP share it.

    Parameters
    ----------
    choices
        What sub-networks there are.
    px
        Height and width of the pictures.
    classes
        Class scores.
    seed
        Of the fresh weights.
    """

    def __init__(self, choices: Choices, px: int, classes: int, seed: int) -> None:
        self.choices, self.px, self.classes = choices, px, classes
        self.resolution = design_px(px)
        self.weights: dict[str, nn.Parameter] = {}
        self._flat = Flat()
        self._tables: dict[Piece, dict[str, Tensor]] = {}  # on a GPU
        generator = torch.Generator().manual_seed(seed)
        for piece in self._largest_pieces():
            for name, key, shape in piece.weights:
                if key not in self.weights:
                    self.weights[key] = nn.Parameter(_fresh(piece.module, name, shape, generator))

    def _largest_pieces(self) -> list[Piece]:
        """Return every piece at its greatest width, so that together they hold all weights."""
        space, choices = self.choices.space, self.choices
        widths = [max(row) for row in space.widths]
        found = [stem_piece(choices.stem, widths[0], self.resolution)]
        for stage in range(4):
            if stage:
                found.append(transition_piece(stage, widths[stage - 1], widths[stage], self.resolution))
            ratio = max(space.mlp_ratios[stage])
            found += [
                block_piece(stage, slot, choices.block(mixer, ratio), widths[stage], self.resolution)
                for slot in range(choices.depth(stage))
                for mixer in choices.mixers(stage, slot)
            ]
        return [*found, head_piece(widths[3], choices.head, self.resolution, self.classes)]

    # ---- running ----------------------------------------------------------------------------------------------

    def call(self, piece: Piece, *inputs: object) -> Tensor:
        """Run a piece on the shared weights."""
        values: dict[str, Tensor] = {name: self._leading(key, shape) for name, key, shape in piece.weights}
        result: Tensor = functional_call(piece.module, {**values, **self._buffers(piece)}, inputs)
        return result

    def _buffers(self, piece: Piece) -> dict[str, Tensor]:
        """Return the tables of a piece where the weights are; a GPU gets them once."""
        device = next(iter(self.weights.values())).device
        if device.type == "cpu" or not piece.buffers:
            return piece.buffers
        if piece not in self._tables:
            self._tables[piece] = {name: table.to(device) for name, table in piece.buffers.items()}
        return self._tables[piece]

    def _leading(self, key: str, shape: tuple[int, ...]) -> Tensor:
        whole = self.weights[key]
        return whole if whole.shape == shape else whole[tuple(slice(0, length) for length in shape)]

    def __call__(self, subnet: Subnet, x: Tensor, apart: bool = False) -> Tensor:
        """Return the class scores of a sub-network as `head` does, with the batch's own statistics in batch norms."""
        x = self.stem(subnet.widths[0], x)
        for stage in range(4):
            if stage:
                x = self.transition(stage, subnet.widths[stage - 1], subnet.widths[stage], x)
            size = (x.shape[2], x.shape[3])
            for slot, block in enumerate(subnet.slots[stage]):
                if block is not None:
                    x = self.block(stage, slot, block, subnet.widths[stage], x, size)
            if x.ndim == 3 and stage < 3:
                x = to_map(x, size)
        return self.head(subnet.widths[3], x, apart)

    def stem(self, width: int, x: Tensor) -> Tensor:
        """From images to the first map."""
        return self.call(stem_piece(self.choices.stem, width, self.resolution), x)

    def transition(self, stage: int, before: int, width: int, x: Tensor) -> Tensor:
        """From a map of one stage to that of the next."""
        return self.call(transition_piece(stage, before, width, self.resolution), x)

    def block(
        self, stage: int, slot: int, block: Block, width: int, x: Tensor, size: tuple[int, int]
    ) -> Tensor:
        """Run one block; 3D attention makes tokens of a map and leaves tokens."""
        piece = block_piece(stage, slot, block, width, self.resolution)
        if block.mixer is Mixer.ATTENTION:
            return self.call(piece, self._flat(x) if x.ndim == 4 else x, size)
        return self.call(piece, x)

    def head(self, width: int, x: Tensor, apart: bool = False) -> Tensor:
        """From the last map or tokens to class scores (N, classes), the mean of two classifiers where there are two.

        With ``apart``, those of each classifier: (classifiers, N, classes).
        """
        head = self.choices.head
        piece = head_piece(width, head, self.resolution, self.classes)
        values = {name: self._leading(key, shape) for name, key, shape in piece.weights}
        norm = {
            name.removeprefix("norm."): value for name, value in values.items() if name.startswith("norm.")
        }
        if head.norm is Norm.LAYER and x.ndim == 4:
            x = self._flat(x)
        x = functional_call(piece.module.get_submodule("norm"), norm, (x,))
        x = x.mean(dim=1) if x.ndim == 3 else x.mean(dim=(2, 3))
        names = ("head", "dist_head") if head.distilled else ("head",)
        scores = [F.linear(x, values[f"{name}.weight"], values[f"{name}.bias"]) for name in names]
        return torch.stack(scores) if apart else sum(scores[1:], scores[0]) / len(scores)

    # ---- cutting out ------------------------------------------------------------------------------------------

    def arch(self, subnet: Subnet, resolution: int | None = None) -> Arch:
        """Return the design of a sub-network, by default at the resolution of training."""
        return subnet.arch(self.choices.stem, self.choices.head, resolution or self.resolution, self.classes)

    def cut(self, subnet: Subnet) -> dict[str, Tensor]:
        """Return the weights of a sub-network under the names of `dsim.export.build_module`.

        Statistics of batch norms are not among them: those of a supernet belong to no sub-network.
        """
        return {
            prefix + name: self._leading(key, shape).detach().clone()
            for prefix, piece in pieces_of(
                subnet, self.choices.stem, self.choices.head, self.resolution, self.classes
            )
            for name, key, shape in piece.weights
        }

    def cut_module(self, subnet: Subnet) -> nn.Module:
        """Return a sub-network as the exporter's module, with fresh statistics in batch norms."""
        return filled_module(self.arch(subnet), self.cut(subnet))


def to_map(tokens: Tensor, size: tuple[int, int]) -> Tensor:
    """From (N, H * W, C) to (N, C, H, W)."""
    return tokens.transpose(1, 2).reshape(tokens.shape[0], -1, *size)


def filled_module(arch: Arch, weights: Mapping[str, Tensor]) -> nn.Module:
    """Build a design's module with given weights; batch norms begin with mean 0 and variance 1.

    It takes a tenth of the time of `build_module`, which draws weights first.
    """
    module = bare_module(arch)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean = torch.zeros(part.num_features)
            part.running_var = torch.ones(part.num_features)
            part.num_batches_tracked = torch.zeros((), dtype=torch.long)
    missing, unexpected = module.load_state_dict(dict(weights), strict=False, assign=True)
    wrong = [*unexpected, *(name for name in missing if name in dict(module.named_parameters()))]
    assert not wrong, f"the exporter's names and the supernet's differ: {wrong}"
    return module


def _fresh(module: nn.Module, name: str, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Draw one weight as the exporter does, but for layer scales."""
    if "layer_scale" in name:
        return torch.full(shape, LAYER_SCALE)
    owner = module.get_submodule(name.rpartition(".")[0])
    if isinstance(owner, nn.Conv2d | nn.Linear) and name.endswith(".weight"):
        return nn.init.trunc_normal_(torch.empty(shape), std=INIT_STD, generator=generator)
    is_norm = isinstance(owner, nn.BatchNorm2d | nn.LayerNorm | nn.GroupNorm)
    return torch.ones(shape) if is_norm and name.endswith("weight") else torch.zeros(shape)
