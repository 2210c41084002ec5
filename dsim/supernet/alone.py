"""Alone: one design, trained as the exporter's module."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from torch import Tensor, nn

from dsim.arch import Arch
from dsim.supernet.cost import macs
from dsim.supernet.spec import TrainSpec
from dsim.supernet.way import label_loss, precise


class Alone:
    """See `Way`."""

    what = "training the design"
    all_used = True

    def __init__(self, arch: Arch, module: nn.Module, spec: TrainSpec) -> None:
        self.module, self.spec, self._macs = module, spec, macs(arch)
        self.run: Callable[..., Tensor] = module
        self.parameters: dict[str, nn.Parameter] = {}

    def losses(self, step: int, images: Tensor, labels: Tensor) -> Iterator[Tensor]:
        """Yield the loss of the design on the labels."""
        self.module.train()
        with precise(self.spec):
            scores = self.run(images)
        yield label_loss(scores, labels, self.spec.label_smoothing)

    def passes(self, step: int) -> int:
        """Return 1."""
        return 1

    def macs(self, step: int) -> int:
        """Return those of the design."""
        return self._macs
