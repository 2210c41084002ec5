"""What each estimator says of a ranked design."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from dsim.accuracy import estimate_top1
from dsim.export import build_module
from dsim.supernet.evaluator import BATCH, batches_of
from dsim.supernet.loaded import load_supernet
from lab.claims.fashion.alone import Bench
from lab.claims.fashion.proxies import naswot, synflow, zico
from lab.claims.fashion.rows import Estimate

WOT_IMAGES, ZICO_BATCHES = 128, 2  # the papers'
SUPERNETS = ("ablation", "gumbel")


def free_estimates(bench: Bench, design: str) -> Iterator[Estimate]:
    """Yield what costs no training."""
    subnet = bench.subnet(design)
    arch = bench.arch(subnet)
    graph = arch.to_graph()
    yield Estimate(design, "MACs", float(graph.macs))
    yield Estimate(design, "parameters", float(graph.params))
    yield Estimate(design, "dsim.top1", estimate_top1(bench.arch(subnet, deployed=True)).top1)

    def fresh() -> nn.Module:
        torch.manual_seed(0)
        return build_module(arch)

    batches = list(
        batches_of(
            bench.images.train.take(np.arange(BATCH * ZICO_BATCHES)), bench.scaling, bench.spec(1000, 0)
        )
    )
    yield Estimate(design, "synflow", synflow(fresh(), arch.resolution))
    yield Estimate(design, "naswot", naswot(fresh(), batches[0][0][:WOT_IMAGES]))
    yield Estimate(design, "ZiCo", zico(fresh(), batches[:ZICO_BATCHES]))


def supernet_estimates(
    bench: Bench, importance: str, seed: int, designs: tuple[str, ...]
) -> tuple[Estimate, ...]:
    """Return minus the loss of every design in one supernet."""
    loaded = load_supernet(bench.work.supernet(importance, seed), bench.work.pictures, bench.images)
    rows = loaded.evaluate([bench.subnet(design) for design in designs])
    return tuple(
        Estimate(design, f"{importance} supernet, seed {seed}", -row.loss)
        for design, row in zip(designs, rows, strict=True)
    )
