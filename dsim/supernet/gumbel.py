"""Gumbel: the EfficientFormer paper's own supernet, of one width, in which paths compete in every slot.

A slot (MetaPath) adds up its paths, 4D blocks, the 3D block in stages 3 and 4, and identity:
``x + 1 = sum over paths n of softmax((alpha + noise) / temperature)[n] * path_n(x)``, with the noise even in [0, 1) for
each step. https://arxiv.org/abs/2206.01191, section 3.2, "Searching space" and algorithm 1. The paper does not say how
the temperature falls, nor by what steps alphas learn; here it falls in a line, and alphas learn beside the weights, by
steps that shrink where the loss hardly depends on them (`dsim.supernet.trainer.OWN_SCALE`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from dsim.arch import Block, Stage
from dsim.arch.lower import BlockPart, Part, block_parts
from dsim.supernet.cost import part_macs
from dsim.supernet.draws import draws
from dsim.supernet.elastic import Elastic, to_map
from dsim.supernet.spec import TrainSpec
from dsim.supernet.way import Targets, precise

TEMPERATURE = (1.0, 0.1)  # at the first step and at the last
IDENTITY = "identity"  # the last path of every slot


def alpha_name(stage: int, slot: int) -> str:
    """Return the name under which the alphas of a slot are kept."""
    return f"alpha.{stage}.{slot}"


def path_names(net: Elastic, stage: int, slot: int) -> tuple[str, ...]:
    """Return the paths of a slot, in the order of its alphas."""
    return (*(str(mixer) for mixer in net.choices.mixers(stage, slot)), IDENTITY)


class Gumbel:
    """See `Way`. Its parameters are the alphas, (paths,) for each slot."""

    what = "training the supernet"
    all_used = True

    def __init__(self, net: Elastic, spec: TrainSpec, steps: int) -> None:
        self.net, self.spec, self.steps = net, spec, steps
        self.run: Callable[..., Tensor] = self.__call__
        self.slots = [(stage, slot) for stage in range(4) for slot in range(net.choices.depth(stage))]
        self.parameters = {
            alpha_name(stage, slot): nn.Parameter(torch.zeros(len(path_names(net, stage, slot))))
            for stage, slot in self.slots
        }

    def shares(self, step: int) -> dict[tuple[int, int], Tensor]:
        """Return for each slot how much each path counts in a step."""
        start, end = TEMPERATURE
        temperature = start + (end - start) * step / max(self.steps - 1, 1)
        rng = draws(self.spec.seed, "paths", step)
        shares = {}
        for place in self.slots:
            alpha = self.parameters[alpha_name(*place)]
            noise = torch.from_numpy(rng.random(len(alpha))).to(alpha)
            shares[place] = ((alpha + noise) / temperature).softmax(dim=0)
        return shares

    def __call__(self, images: Tensor, shares: dict[tuple[int, int], Tensor], apart: bool = False) -> Tensor:
        """Return class scores as `Elastic.head` does, with the paths of each slot added up."""
        net, widths = self.net, self.net.choices.largest.widths
        x = net.stem(widths[0], images)
        for stage in range(4):
            if stage:
                x = net.transition(stage, widths[stage - 1], widths[stage], x)
            size = (x.shape[2], x.shape[3])
            for slot in range(net.choices.depth(stage)):
                share = shares[stage, slot]
                mixed = x * share[-1]
                for number, block in enumerate(self._blocks(stage, slot)):
                    out = net.block(stage, slot, block, widths[stage], x, size)
                    mixed = mixed + share[number] * (to_map(out, size) if out.ndim == 3 else out)
                x = mixed
        return net.head(widths[3], x, apart)

    def _blocks(self, stage: int, slot: int) -> list[Block]:
        ratio = max(self.net.choices.space.mlp_ratios[stage])
        return [self.net.choices.block(mixer, ratio) for mixer in self.net.choices.mixers(stage, slot)]

    def losses(self, step: int, images: Tensor, targets: Targets) -> Iterator[Tensor]:
        """Yield the loss on the targets, from which weights and alphas learn together."""
        with precise(self.spec):
            scores = self.run(images, self.shares(step), targets.apart)
        yield targets.loss(scores, self.spec.label_smoothing)

    def passes(self, step: int) -> int:
        """Return 1: all paths run at once."""
        return 1

    def macs(self, step: int) -> int:
        """Return the multiply-accumulates of all paths together, and of what lies around them."""
        largest = self.net.arch(self.net.choices.largest)
        parts: list[Part] = [part for _, part in largest.parts() if not isinstance(part, BlockPart)]
        for stage, slot in self.slots:
            for block in self._blocks(stage, slot):
                alone = Stage(largest.stages[stage].width, (block,), largest.stages[stage].downsample)
                parts += block_parts(alone, stage, largest.map_size(stage))
        return sum(map(part_macs, parts))
