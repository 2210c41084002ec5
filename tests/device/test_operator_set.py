"""Which layer norms stay in steps for a file's operator set: said from the graph, held against what ONNX Runtime itself leaves."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
import torch
from torch import nn

from dsim.device import find_profile
from dsim.device.operator_set import (
    BEHIND,
    BETWEEN,
    NORM_SET,
    SOME,
    Unfused,
    operator_set_notes,
    unfused_norms,
)
from dsim.graph.onnx.rewriting import raised
from dsim.network.price import price
from dsim.network.read import read_network
from tests.graph.onnx_files import exported

runtime = pytest.importorskip("onnxruntime")
CPU = find_profile("epyc-zen4-onnxruntime")
SIZE = 8


class Net(nn.Module):
    """A convolution, a layer norm and a linear layer, with something between them."""

    def __init__(self, between: str) -> None:
        super().__init__()
        self.between = between
        self.conv, self.norm, self.linear = nn.Conv2d(3, SIZE, 1), nn.LayerNorm(SIZE), nn.Linear(SIZE, SIZE)
        self.second, self.place = nn.LayerNorm(SIZE), nn.Parameter(torch.randn(1, SIZE * SIZE, SIZE))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        maps = self.conv(image)
        if self.between == "maps":  # as ConvNeXt-Atto, whose MLPs are convolutions
            return self.conv(self.norm(maps.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)[:, :3])
        if self.between == "permute":  # as ConvNeXt-Tiny, whose MLPs are linear layers
            return self.linear(self.norm(maps.permute(0, 2, 3, 1))).permute(0, 3, 1, 2)
        if (
            self.between == "residual"
        ):  # the first norm stands behind the transpose, the second behind the sum
            steps = maps.permute(0, 2, 3, 1)
            steps = steps + self.linear(self.norm(steps))
            return steps + self.linear(self.second(steps))
        if self.between == "pool":
            return self.linear(self.norm(maps.mean((2, 3))))
        tokens = maps.flatten(2).transpose(1, 2)
        if self.between == "place":  # as a transformer
            tokens = tokens + self.place
        elif self.between == "reshape":
            tokens = maps.permute(0, 2, 3, 1).reshape(1, SIZE * SIZE, SIZE)
        return self.linear(self.norm(tokens))


def left(path: Path, folder: Path, norms: int) -> int:
    """Return how many of so many norms ONNX Runtime leaves in steps."""
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    options.optimized_model_filepath = str(folder / "optimised.onnx")
    runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    kinds = [node.op_type for node in onnx.load(folder / "optimised.onnx").graph.node]
    return norms - kinds.count("LayerNormalization") - kinds.count("SkipLayerNormalization")


@pytest.mark.parametrize(
    ("between", "unfused", "norms"),
    [
        ("permute", (0, 1), 1),
        ("maps", (1, 0), 1),
        ("residual", (0, 1), 2),
        ("tokens", (0, 1), 1),
        ("pool", (0, 0), 1),
        ("place", (0, 0), 1),
        ("reshape", (0, 0), 1),
    ],
)
def test_the_graph_tells_what_onnx_runtime_leaves_in_steps(
    between: str, unfused: tuple[int, int], norms: int, tmp_path: Path
) -> None:
    path = exported(Net(between), (1, 3, SIZE, SIZE), tmp_path / "old.onnx", opset=14)
    graph = read_network(path)
    assert graph.file is not None
    assert graph.file.operator_set == 14
    found = unfused_norms(graph, CPU)
    assert (found is not None) == any(unfused)
    if found is not None:
        assert (found.operator_set, found.between, found.behind) == (14, *unfused)
    assert left(path, tmp_path, norms) == sum(unfused)
    # the same steps in a later operator set are fused
    later = tmp_path / "later.onnx"
    onnx.save(raised(onnx.load(path), NORM_SET), later)
    assert unfused_norms(read_network(later), CPU) is None
    assert left(later, tmp_path, norms) == 0


def test_how_many_there_are_and_where_they_stand_decides_what_evidence_speaks_of_them() -> None:
    sides = {(17, 0): BETWEEN, (5, 5): BETWEEN, (5, 18): BEHIND, (0, 5): BEHIND, (4, 0): SOME, (1, 1): SOME}
    assert {counts: Unfused(14, *counts).side for counts in sides} == sides


def test_nothing_is_said_of_other_runtimes_units_and_formats(tmp_path: Path) -> None:
    graph = read_network(exported(Net("permute"), (1, 3, SIZE, SIZE), tmp_path / "old.onnx", opset=14))
    for other in ("epyc-zen4-openvino", "iphone12", "jetson-orin-nano-onnxruntime-cuda"):
        assert unfused_norms(graph, find_profile(other)) is None
    assert unfused_norms(read_network(Net("permute"), (1, 3, SIZE, SIZE)), CPU) is None


def test_a_price_says_that_it_leaves_them_out(tmp_path: Path) -> None:
    graph = read_network(exported(Net("permute"), (1, 3, SIZE, SIZE), tmp_path / "old.onnx", opset=14))
    (note,) = operator_set_notes(graph, CPU)
    assert "leaves 1 of its layer norms in steps in a file of operator set 14" in note
    assert note in price(graph, CPU.name).estimate.notes
    assert operator_set_notes(graph, find_profile("epyc-zen4-openvino")) == ()
