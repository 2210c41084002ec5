"""The exported module runs exactly the ops that the design's graph says: same normal form, MACs and parameters."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, given, settings

from dsim.arch import PRESETS, Arch, get_preset
from dsim.export import build_module
from dsim.graph import Graph, normal_hash, op_counts
from dsim.graph.torch_reader import read_module
from tests.strategies import archs


def _read(arch: Arch) -> Graph:
    with torch.device("meta"):  # no weights are drawn: the reader needs shapes alone
        module = build_module(arch)
    return read_module(module, (1, 3, arch.resolution, arch.resolution))


def _assert_parity(arch: Arch) -> None:
    wanted, found = arch.to_graph(), _read(arch)
    assert found.unknown == ()
    assert op_counts(found) == op_counts(wanted)
    assert (found.macs, found.params) == (wanted.macs, wanted.params)
    assert normal_hash(found) == normal_hash(wanted)


@pytest.mark.parametrize("name", PRESETS)
def test_preset(name: str) -> None:
    _assert_parity(get_preset(name))


@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(archs(max_depth=2, resolutions=(32, 64)))
def test_200_random_designs(arch: Arch) -> None:
    _assert_parity(arch)


@pytest.mark.parametrize("name", ["efficientformer_l1", "efficientformerv2_s0", "poolformer_s12"])
def test_parameters_of_the_module_itself(name: str) -> None:
    with torch.device("meta"):
        module = build_module(get_preset(name))
    assert sum(p.numel() for p in module.parameters()) == get_preset(name).to_graph().params
