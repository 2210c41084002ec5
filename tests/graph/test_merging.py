"""Branches that merge, branches that must not, and the arithmetic of both worked out by hand or by torch."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from dsim.arch import PRESETS
from dsim.attrs import ConvAttrs
from dsim.graph import Graph
from dsim.graph.merging import merge_branches
from dsim.graph.normal_form import normal_hash, op_counts
from dsim.graph.passes import run_passes
from dsim.graph.read import as_graph
from dsim.graph.store import graph_keys
from dsim.graph.torch_reader import read_module
from dsim.latency.networks import GRAPHS, stored
from dsim.op import OpKind
from tests.graph.onnx_files import exported
from tests.graph.oracle import labels

MAP = (1, 8, 12, 10)
Branch = Callable[[], nn.Module]


def conv(
    kernel: int | tuple[int, int], out: int = 8, groups: int = 1, stride: int = 1, dilation: int = 1
) -> nn.Module:
    """A convolution that keeps the size of a map at stride 1, and a batch norm."""
    sides = (kernel, kernel) if isinstance(kernel, int) else kernel
    padding = tuple(dilation * (side - 1) // 2 for side in sides)
    layer = nn.Conv2d(8, out, sides, stride, padding, dilation, groups, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(out))


class Scale(nn.Module):
    """A learned factor for each channel."""

    def __init__(self) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(8, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gamma


class Sum(nn.Module):
    """Branches on one input, added up; an activation behind, as networks have it."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        total = self.branches[0](x)
        for branch in self.branches[1:]:
            total = total + branch(x)
        return total.relu()


def read(*branches: nn.Module, shape: tuple[int, ...] = MAP) -> Graph:
    return read_module(Sum(*branches), shape)


# what is left is the first layer with a bias: its weights by hand, and its MACs at 12 x 10 places
MERGES: dict[str, tuple[list[nn.Module], int, int]] = {
    "RepVGG": ([conv(3), conv(1), nn.BatchNorm2d(8)], 8 * 8 * 9, 120),
    "RepVGG at stride 2": ([conv(3, 16, stride=2), conv(1, 16, stride=2)], 8 * 16 * 9, 30),
    "RepVGG in groups": ([conv(3, groups=2), conv(1, groups=2), nn.BatchNorm2d(8)], 8 * 4 * 9, 120),
    "finer groups inside coarser": ([conv(3, groups=2), conv(3, groups=8)], 8 * 4 * 9, 120),
    "MobileOne, depthwise": ([conv(3, groups=8), conv(3, groups=8), conv(1, groups=8)], 8 * 9, 120),
    "MobileOne, pointwise": ([conv(1), conv(1), conv(1), nn.Identity()], 8 * 8, 120),
    "a large kernel and a small one": ([conv(7, groups=8), conv(5, groups=8), nn.Identity()], 8 * 49, 120),
    "a dilated kernel inside a dense one": ([conv(5, groups=8), conv(3, groups=8, dilation=2)], 8 * 25, 120),
    "rows and columns inside a square": ([conv(3), conv((1, 3)), conv((3, 1))], 8 * 8 * 9, 120),
    "a scaled identity": ([conv(3), Scale()], 8 * 8 * 9, 120),
    "average pooling": ([conv(3), nn.AvgPool2d(3, 1, 1)], 8 * 8 * 9, 120),
    "two layers in a row, the second pointwise": (
        [conv(3), nn.Sequential(nn.Conv2d(8, 4, 3, padding=1), nn.Conv2d(4, 8, 1))],
        8 * 8 * 9,
        120,
    ),
    "two layers in a row, the first pointwise and without a shift": (
        [conv(3), nn.Sequential(nn.Conv2d(8, 4, 1, bias=False), nn.Conv2d(4, 8, 3, padding=1))],
        8 * 8 * 9,
        120,
    ),
}


@pytest.mark.parametrize("name", MERGES)
def test_what_one_layer_can_do_becomes_one_layer(name: str) -> None:
    branches, weights, places = MERGES[name]
    graph = read(*branches)
    found = merge_branches(graph)
    assert labels(found.graph) == ["conv2d", "relu"]
    (layer, _) = found.graph.ops
    out = layer.outputs[0].shape[1]
    assert found.graph.params == weights + out
    assert found.graph.macs == weights * places
    assert (found.branches, found.layers) == (len(branches), 1)
    assert found.graph.outputs[0].slot == 0
    assert [found.graph.spec(ref) for ref in found.graph.outputs] == [
        graph.spec(ref) for ref in graph.outputs
    ]
    assert merge_branches(found.graph).layers == 0, "twice is once"


@pytest.mark.parametrize("name", MERGES)
def test_the_one_layer_can_give_the_same_results(name: str) -> None:
    """Read the weights off the branches by their gradients, and run torch's own convolution with them, borders included."""
    branches, _, _ = MERGES[name]
    module = Sum(*branches).eval()
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        for part in module.modules():
            if isinstance(part, nn.BatchNorm2d):
                for values in (part.weight, part.bias, part.running_mean, part.running_var):
                    values.uniform_(0.5, 1.5)
        x = torch.randn(MAP)

    def total(image: torch.Tensor) -> torch.Tensor:
        return torch.stack([branch(image) for branch in module.branches]).sum(0)

    merged = merge_branches(read_module(module, MAP)).graph.nodes[0].op.attrs
    assert isinstance(merged, ConvAttrs)
    (rows, columns), (down, right) = merged.kernel, merged.stride
    at = (8, 8)  # far enough from the border that the whole window lies inside
    top, left = at[0] * down - merged.padding[0], at[1] * right - merged.padding[1]
    inner = torch.zeros(1, 8, 32, 32, requires_grad=True)
    made = total(inner)[0, :, at[0], at[1]]
    weights = torch.stack([torch.autograd.grad(value, inner, retain_graph=True)[0][0] for value in made])[
        :, :, top : top + rows, left : left + columns
    ]
    with torch.no_grad():
        same = F.conv2d(x, weights, made.detach(), merged.stride, merged.padding)
        torch.testing.assert_close(same, total(x), rtol=1e-4, atol=1e-4)


def _down() -> nn.Module:
    return nn.Sequential(nn.Conv2d(8, 8, 3, 2, 1), nn.Upsample(scale_factor=2))


STAYS: dict[str, Callable[[], nn.Module]] = {
    "a residual block": lambda: Sum(nn.Sequential(conv(3), nn.ReLU(), conv(3)), nn.Identity()),
    "a residual block with a shortcut": lambda: Sum(nn.Sequential(conv(3), nn.ReLU(), conv(3)), conv(1)),
    "an activation in each branch": lambda: Sum(
        nn.Sequential(conv(3), nn.ReLU()), nn.Sequential(conv(1), nn.ReLU())
    ),
    "another stride inside": lambda: Sum(_down(), conv(1)),
    "no kernel that holds the others": lambda: Sum(conv((1, 3)), conv((3, 1))),
    "a dilated kernel that skips the middle": lambda: Sum(
        nn.Conv2d(8, 8, 2, padding=1, dilation=2), nn.Identity()
    ),
    "depthwise and pointwise": lambda: Sum(conv(3, groups=8), conv(1)),
    "average pooling that leaves the border out": lambda: Sum(
        nn.AvgPool2d(3, 1, 1, count_include_pad=False), nn.Identity()
    ),
    "max pooling": lambda: Sum(conv(3), nn.MaxPool2d(3, 1, 1)),
    "zeros that a norm before would shift": lambda: Sum(
        nn.Sequential(nn.BatchNorm2d(8), nn.Conv2d(8, 8, 3, padding=1)),
        nn.Sequential(nn.BatchNorm2d(8), nn.Conv2d(8, 8, 3, padding=1)),
    ),
    "zeros that a bias before would shift": lambda: Sum(
        nn.MaxPool2d(3, 1, 1), nn.Sequential(nn.Conv2d(8, 4, 1), nn.Conv2d(4, 8, 3, padding=1))
    ),
    "instance norms": lambda: Sum(
        nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.InstanceNorm2d(8)), nn.Conv2d(8, 8, 1)
    ),
}


@pytest.mark.parametrize("name", STAYS)
def test_what_cannot_be_one_layer_is_left_alone(name: str) -> None:
    graph = read_module(STAYS[name](), MAP)
    found = merge_branches(graph)
    assert found.graph is graph
    assert (found.branches, found.layers) == (0, 0)


class Fast(nn.Module):
    """FastViT's mixer: x + scale * (branches(x) - norm(x)), all of it one depthwise convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.mixer, self.scale = nn.ModuleList((conv(3, groups=8), conv(1, groups=8))), Scale()
        self.norm, self.inner = nn.BatchNorm2d(8), nn.BatchNorm2d(8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mixed = sum((branch(x) for branch in self.mixer), 0) + self.inner(x)
        return F.gelu(x + self.scale(mixed - self.norm(x)))


class Rep(nn.Module):
    """RepViT's mixer: norm(norm(conv3(x)) + conv1(x) + x)."""

    def __init__(self) -> None:
        super().__init__()
        self.large, self.small, self.norm = conv(3, groups=8), nn.Conv2d(8, 8, 1, groups=8), nn.BatchNorm2d(8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.gelu(self.norm(self.large(x) + self.small(x) + x))


@pytest.mark.parametrize("module", [Fast(), Rep()])
def test_sums_inside_sums_become_one_layer(module: nn.Module) -> None:
    found = merge_branches(read_module(module, MAP))
    assert labels(found.graph) == ["conv2d", "gelu"]
    assert found.graph.params == 8 * 9 + 8
    assert found.graph.macs == 8 * 9 * 120


class TwoHeads(nn.Module):
    """The mean of two classifiers, each with a batch norm before it."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = (nn.Sequential(nn.BatchNorm1d(8), nn.Linear(8, 5)) for _ in range(2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (self.a(x) + self.b(x)) / 2


class LowRank(nn.Module):
    """A linear layer and an adapter of low rank beside it, over tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.down, self.up = nn.Linear(8, 6), nn.Linear(8, 2, bias=False), nn.Linear(2, 6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x) + self.up(self.down(x)) * 0.5


@pytest.mark.parametrize(
    ("module", "shape", "params"), [(TwoHeads(), (1, 8), 8 * 5 + 5), (LowRank(), (1, 7, 8), 8 * 6 + 6)]
)
def test_linear_layers_merge_too(module: nn.Module, shape: tuple[int, ...], params: int) -> None:
    found = merge_branches(read_module(module, shape))
    assert labels(found.graph) == ["linear"]
    assert found.graph.params == params
    assert found.convolutions == 0


class Partly(nn.Module):
    """Two branches of one tensor, and something of another one in between."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.other = conv(3), conv(1), nn.Sequential(conv(3), nn.ReLU(), conv(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.a(x) + self.other(x) - self.b(x)


def test_a_sum_of_one_branch_that_begins_with_nothing() -> None:
    class Next(nn.Module):
        """MobileOne's blocks with one branch: 0 + conv(x)."""

        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = Sum(conv(3), conv(1)), conv(1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            total: torch.Tensor | int = 0
            total += self.second(self.first(x))
            return total

    found = merge_branches(read_module(Next(), MAP))
    assert labels(found.graph) == ["conv2d", "relu", "conv2d"]
    assert found.graph.params == 8 * 8 * 9 + 8 + 8 * 8 + 8


def test_the_rest_of_a_sum_stays() -> None:
    found = merge_branches(read_module(Partly(), MAP))
    assert labels(found.graph) == ["conv2d", "conv2d", "relu", "conv2d", "add"]
    assert found.graph.params == 3 * (8 * 8 * 9 + 8)


def test_a_branch_that_is_read_elsewhere_stays() -> None:
    class Read(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = conv(3), conv(1)

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            side = self.b(x)
            return self.a(x) + side, side

    graph = read_module(Read(), MAP)
    assert merge_branches(graph).graph is graph


def test_shared_weights_stay_shared() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.block = Sum(conv(3), conv(1))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.block(self.block(x))

    found = merge_branches(read_module(Twice(), MAP))
    assert labels(found.graph) == ["conv2d", "relu", "conv2d", "relu"]
    assert found.graph.params == 8 * 8 * 9 + 8


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_published_designs_keep_their_results_shapes_and_activations(preset: str) -> None:
    graph = PRESETS[preset].to_graph()
    found = merge_branches(graph)
    assert [found.graph.spec(ref) for ref in found.graph.outputs] == [
        graph.spec(ref) for ref in graph.outputs
    ]
    assert found.graph.macs <= graph.macs
    kinds = (OpKind.GELU, OpKind.RELU, OpKind.SOFTMAX, OpKind.MATMUL, OpKind.LAYER_NORM)
    for kind in kinds:
        assert [op.kind for op in found.graph.ops].count(kind) == [op.kind for op in graph.ops].count(kind)
    # verified once more, as a graph that somebody else made
    Graph(found.graph.inputs, found.graph.nodes, found.graph.outputs)


@cache
def pairs() -> dict[str, tuple[Graph, Graph]]:
    """Networks in training form, each with the form that its authors' own code made of it (traced once, with timm)."""
    keys = {key for path in GRAPHS.glob("*.parquet") for key in graph_keys(path)}
    own = [key for key in keys if key.startswith(AUTHORS) and TRAINED in key]
    graphs = stored([*own, *(key.replace(TRAINED, "") for key in own)])
    return {key: (graphs[key], graphs[key.replace(TRAINED, "")]) for key in sorted(own)}


TRAINED = "+unfused"
AUTHORS = ("ghostnetv3", "mobileone", "repghostnet", "repvgg", "repvit", "shvit")


@pytest.mark.parametrize("family", AUTHORS)
def test_what_is_merged_is_what_the_authors_merge(family: str) -> None:
    found = {key: pair for key, pair in pairs().items() if key.startswith(family)}
    assert len(found) >= 3
    for key, (trained, shipped) in found.items():
        merged = merge_branches(trained).graph
        ours, theirs = (
            run_passes(graph, ["drop_identities", "fold_batch_norm"]) for graph in (merged, shipped)
        )
        assert op_counts(ours) == op_counts(theirs), key
        assert normal_hash(ours) == normal_hash(theirs), key
        assert (ours.params, ours.macs) == (theirs.params, theirs.macs)
        assert merge_branches(shipped).layers == 0, key


@pytest.mark.parametrize("fold", [True, False])
def test_an_onnx_file_merges_like_its_module(fold: bool, tmp_path: Path) -> None:
    module = nn.Sequential(Sum(conv(3), conv(1), nn.BatchNorm2d(8)), Rep()).eval()
    mode = torch.onnx.TrainingMode.EVAL if fold else torch.onnx.TrainingMode.PRESERVE
    path = exported(module, MAP, tmp_path / "net.onnx", training=mode, do_constant_folding=fold)
    merged = merge_branches(as_graph(path)).graph
    own = merge_branches(read_module(module, MAP)).graph
    assert labels(merged) == labels(own)
    assert (merged.params, merged.macs) == (own.params, own.macs)
