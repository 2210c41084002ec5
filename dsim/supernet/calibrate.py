"""Batch norm statistics of one sub-network, from a fixed sample of training pictures.

A supernet's weights serve many sub-networks, whose maps have different means and variances: statistics gathered while
all were trained fit none of them.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from dsim.supernet.spec import TrainSpec
from dsim.supernet.way import precise


def calibrate(module: nn.Module, batches: Iterable[Tensor], spec: TrainSpec) -> None:
    """Set the statistics of all batch norms to the mean over batches of pictures; leave the module in eval mode."""
    norms = [part for part in module.modules() if isinstance(part, nn.BatchNorm2d)]
    usual = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over batches
    module.train()
    with torch.no_grad(), precise(spec):
        for batch in batches:
            module(batch)
    for norm, momentum in zip(norms, usual, strict=True):
        norm.momentum = momentum
    module.eval()
