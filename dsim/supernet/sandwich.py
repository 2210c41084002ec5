"""Sandwich: each step trains the largest, the smallest and some random sub-networks, and the largest teaches the others.

BigNAS, https://arxiv.org/abs/2003.11142 (sandwich rule and in-place distillation); AutoFormer,
https://arxiv.org/abs/2107.00651 (entangled weights of transformers).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from torch import Tensor, nn

from dsim.supernet.cost import macs
from dsim.supernet.draws import draws
from dsim.supernet.elastic import Elastic
from dsim.supernet.spec import TrainSpec
from dsim.supernet.subnet import Subnet
from dsim.supernet.way import Targets, precise, teacher_loss

RANDOM = 2  # random sub-networks of a step, beside the largest and the smallest


class Sandwich:
    """See `Way`."""

    what = "training the supernet"
    all_used = False

    def __init__(self, net: Elastic, spec: TrainSpec, steps: int) -> None:
        self.net, self.spec = net, spec
        self.run: Callable[..., Tensor] = net
        self.parameters: dict[str, nn.Parameter] = {}

    def subnets(self, step: int) -> tuple[Subnet, ...]:
        """Return the sub-networks of a step, the largest first."""
        rng, choices = draws(self.spec.seed, "subnets", step), self.net.choices
        return (choices.largest, choices.smallest, *(choices.draw(rng) for _ in range(RANDOM)))

    def losses(self, step: int, images: Tensor, targets: Targets) -> Iterator[Tensor]:
        """Yield the loss of the largest on the targets, and those of the others on what the largest says."""
        largest, *others = self.subnets(step)
        with precise(self.spec):
            scores = self.run(largest, images, targets.apart)
        teacher = targets.merged(scores).detach()
        yield targets.loss(scores, self.spec.label_smoothing)
        for subnet in others:
            with precise(self.spec):
                scores = self.run(subnet, images)
            yield teacher_loss(scores, teacher)

    def passes(self, step: int) -> int:
        """Return the sub-networks of a step."""
        return 2 + RANDOM

    def macs(self, step: int) -> int:
        """Return the multiply-accumulates of a step's sub-networks."""
        return sum(macs(self.net.arch(subnet)) for subnet in self.subnets(step))
