"""What torch itself says of a module: the independent oracle of the reader."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from dsim.graph import Graph
from dsim.graph.torch_reader import read_module


def flops_of(run: Callable[[], object]) -> int:
    """Floating-point operations of the products that run, as torch counts them: two per multiply-accumulate."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        run()
    return int(counter.get_total_flops())


def read_checked(module: nn.Module, shape: tuple[int, ...]) -> Graph:
    """Read a module, and hold its MACs, parameters and output shape against torch."""
    graph = read_module(module, shape)
    module.eval()
    x = torch.zeros(shape)
    with torch.no_grad():
        out = module(x)
    outs = out if isinstance(out, tuple | list) else [out]
    assert [graph.spec(ref).shape for ref in graph.outputs] == [tuple(o.shape) for o in outs]
    assert 2 * graph.macs == flops_of(lambda: module(x))
    assert graph.params == sum(p.numel() for p in module.parameters())
    return graph


def labels(graph: Graph) -> list[str]:
    """The ops by name, in order."""
    return [op.label for op in graph.ops]
