"""Alone: one design, trained as the exporter's module."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from dsim.arch import Arch
from dsim.supernet.cost import macs
from dsim.supernet.spec import TrainSpec
from dsim.supernet.way import Targets, precise


class Alone:
    """See `Way`."""

    what = "training the design"
    all_used = True

    def __init__(self, arch: Arch, module: nn.Module, spec: TrainSpec) -> None:
        self.module, self.spec, self._macs = module, spec, macs(arch)
        self.run: Callable[..., Tensor] = self._scores
        self.parameters: dict[str, nn.Parameter] = {}

    def losses(self, step: int, images: Tensor, targets: Targets) -> Iterator[Tensor]:
        """Yield the loss of the design on the targets."""
        self.module.train()
        with precise(self.spec):
            scores = self.run(images, targets.apart)
        yield targets.loss(scores, self.spec.label_smoothing)

    def _scores(self, images: Tensor, apart: bool) -> Tensor:
        """Return class scores (N, classes), or of each classifier (classifiers, N, classes)."""
        if not apart:
            scores: Tensor = self.module(images)
            return scores
        # the exporter's switch: two classifiers answer each for itself
        self.module.distilled_training = True  # type: ignore[assignment]
        found = self.module(images)
        return torch.stack(found if isinstance(found, tuple) else (found,))

    def passes(self, step: int) -> int:
        """Return 1."""
        return 1

    def macs(self, step: int) -> int:
        """Return those of the design."""
        return self._macs
