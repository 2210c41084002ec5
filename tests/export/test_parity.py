"""The exported module runs exactly the ops that the design's graph says: same normal form, MACs and parameters."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsim.arch import PRESETS, Arch, get_preset
from dsim.arch.lower.pen import Pen
from dsim.export import build_module
from dsim.graph import Graph, GraphBuilder, normal_hash, op_counts
from dsim.graph.torch_reader import read_module
from tests.strategies import archs
from tests.thorough import cases

# tracing costs milliseconds per op and torch remembers ops of shapes it has seen, so most designs have one block per
# stage and a few widths; the presets have depth enough
SHALLOW = archs(widths=(8, 16, 24), max_depth=1, resolutions=(64,))
DEEP = archs(max_depth=2, resolutions=(64,))
BATCH = 10  # designs in one trace


def _assert_equal(found: Graph, wanted: Graph) -> None:
    assert found.unknown == ()
    assert op_counts(found) == op_counts(wanted)
    assert (found.macs, found.params) == (wanted.macs, wanted.params)
    assert normal_hash(found) == normal_hash(wanted)


QUICK = ("efficientformer_l1", "efficientformerv2_s0", "poolformer_s12")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name not in QUICK)) for name in PRESETS]
)
def test_preset(name: str) -> None:
    arch = get_preset(name)
    with torch.device("meta"):  # no weights are drawn: the reader needs shapes alone
        module = build_module(arch)
    graph = arch.to_graph()
    _assert_equal(read_module(module, (1, 3, 224, 224)), graph)
    assert sum(p.numel() for p in module.parameters()) == graph.params


class _SideBySide(torch.nn.Module):
    """Several networks on one image: one trace for all, since starting a trace costs more than small networks do."""

    def __init__(self, networks: list[torch.nn.Module]) -> None:
        super().__init__()
        self.networks = torch.nn.ModuleList(networks)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        return [network(x) for network in self.networks]


def _side_by_side(designs: list[Arch]) -> Graph:
    builder = GraphBuilder()
    image = builder.input((1, 3, 64, 64))
    outputs = []
    for design in designs:
        x = image
        for scope, part in design.parts():
            x = part.write(Pen(builder, scope), x)
        outputs.append(x)
    return builder.build(*outputs)


@pytest.mark.slow
@settings(max_examples=cases(3, 20), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(SHALLOW, min_size=BATCH - 1, max_size=BATCH - 1), st.lists(DEEP, min_size=1, max_size=1))
def test_random_designs(shallow: list[Arch], deep: list[Arch]) -> None:
    designs = [*shallow, *deep]
    with torch.device("meta"):
        modules = [build_module(design) for design in designs]
    _assert_equal(read_module(_SideBySide(modules), (1, 3, 64, 64)), _side_by_side(designs))
