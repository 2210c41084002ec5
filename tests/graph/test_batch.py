"""The batch of a graph. The oracle is torch: the same module, traced with another number of images."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from dsim.arch import PRESETS
from dsim.errors import BatchError
from dsim.graph import Graph, GraphBuilder
from dsim.graph.batch import batch_of, rebatch
from dsim.graph.torch_reader import read_module
from dsim.op import OpKind


class Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.head = nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.norm(self.conv(x)))
        return self.head((y + y).mean((2, 3)))


class Heads(nn.Module):
    """Attention whose products count the heads along with the images, B x heads in one axis."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.qkv, self.proj = nn.Conv2d(3, 24, 4, 4), nn.Linear(24, 72), nn.Linear(24, 24)
        self.position = nn.Parameter(torch.zeros(1, 16, 24))

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.embed(x).flatten(2).transpose(1, 2) + self.position
        b, n, c = tokens.shape
        q, k, v = (
            self.qkv(tokens).reshape(b, n, 3, 3, 8).permute(2, 0, 3, 1, 4).reshape(3, b * 3, n, 8).unbind(0)
        )
        weights = (q @ k.transpose(1, 2) * 0.3).softmax(-1)
        mixed = (weights @ v).reshape(b, 3, n, 8).transpose(1, 2).reshape(b, n, c)
        return self.proj(mixed)


class OneHead(nn.Module):
    """One head on fewer keys: axes of one element stand beside the batch, which is 1 as well."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.q, self.kv, self.fewer = (
            nn.Conv2d(3, 8, 4, 4),
            nn.Linear(8, 8),
            nn.Linear(8, 16),
            nn.Conv2d(8, 8, 2, 2),
        )

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.embed(x).flatten(2).transpose(1, 2)
        b, n, c = tokens.shape
        q = self.q(tokens).reshape(b, n, 1, c).permute(0, 2, 1, 3)
        small = self.fewer(tokens.transpose(1, 2).reshape(b, c, 4, 4)).reshape(b, c, -1).transpose(1, 2)
        k, v = self.kv(small).reshape(b, -1, 2, 1, c).permute(2, 0, 3, 1, 4).unbind(0)
        return ((q @ k.transpose(2, 3)).softmax(-1) @ v).transpose(1, 2).reshape(b, n, c)


class Windows(nn.Module):
    """Windows of 2x2 pixels counted along with the images, with a bias of each window's own."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.mix = nn.Conv2d(3, 8, 4, 4), nn.Linear(8, 8)
        self.bias = nn.Parameter(torch.zeros(4, 4, 4))

    def forward(self, x: Tensor) -> Tensor:
        y = self.embed(x).permute(0, 2, 3, 1)
        b = y.shape[0]
        w = y.reshape(b, 2, 2, 2, 2, 8).permute(0, 1, 3, 2, 4, 5).reshape(b * 4, 4, 8)
        a = (w @ w.transpose(1, 2)).reshape(b, 4, 4, 4) + self.bias
        w = a.reshape(b * 4, 4, 4).softmax(-1) @ self.mix(w)
        back = w.reshape(b, 2, 2, 2, 2, 8).permute(0, 1, 3, 2, 4, 5).reshape(b, 4, 4, 8)
        return torch.cat([back, y], -1)[:, 1:, ::2]


class Folded(nn.Module):
    """All images of the batch in one vector: for another batch it is another network."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2 * 3 * 16 * 16, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x.flatten())


MODULES = [Plain, Heads, OneHead, Windows]


def read(module: type[nn.Module], batch: int) -> Graph:
    return read_module(module().eval(), (batch, 3, 16, 16))


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize(("old", "new"), [(1, 8), (8, 1), (8, 3), (1, 2)])
def test_another_batch_gives_what_torch_traces_with_it(module: type[nn.Module], old: int, new: int) -> None:
    graph = rebatch(read(module, old), new)
    assert graph.hash() == read(module, new).hash()
    assert batch_of(graph) == new
    Graph(graph.inputs, graph.nodes, graph.outputs)  # checks every shape anew


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_designs_at_another_batch_have_the_same_weights_and_as_many_more_macs(name: str) -> None:
    graph = PRESETS[name].to_graph()
    many = rebatch(graph, 8)
    assert (many.macs, many.params) == (8 * graph.macs, graph.params)
    assert rebatch(many, 1) == graph
    assert rebatch(graph, 1) is graph


def test_a_network_that_mixes_images_has_no_other_batch() -> None:
    with pytest.raises(
        BatchError, match=r"from 2 to 1: linear .* treats the images of a batch together; give"
    ):
        rebatch(read(Folded, 2), 1)
    with pytest.raises(BatchError, match="at least 1, got 0"):
        rebatch(read(Plain, 1), 0)


def test_the_batch_is_the_first_axis_of_the_images() -> None:
    def graph(*shapes: tuple[int, ...]) -> Graph:
        builder = GraphBuilder()
        refs = [builder.input(shape) for shape in shapes]
        return builder.build(*[builder.add(OpKind.RELU, ref) for ref in refs])

    assert batch_of(graph((4, 3, 8, 8))) == 4
    assert batch_of(graph((4, 3, 8, 8), (4, 3, 16, 16))) == 4
    assert batch_of(graph((2, 3, 8, 8), (7, 5))) == 2  # the vector beside the image does not say
    assert batch_of(graph((5, 7))) == 5
    assert batch_of(graph((7,))) == 1
    with pytest.raises(BatchError, match="got 1 and 4"):
        batch_of(graph((4, 3, 8, 8), (1, 3, 8, 8)))


def test_what_is_no_batch_is_not_taken_for_one() -> None:
    class Sequence(nn.Module):
        def forward(self, x: Tensor) -> Tensor:  # (steps, width): a mean over the steps
            return x.mean(0)

    assert batch_of(read_module(Sequence(), (5, 7))) == 1


@pytest.mark.parametrize("layer", [nn.GRU, nn.LSTM, nn.RNN])
@pytest.mark.parametrize("sequences", [1, 3])
def test_a_recurrent_layer_tells_how_many_sequences_it_runs(layer: type[nn.Module], sequences: int) -> None:
    """The steps of a sequence are no batch, whichever of the two axes comes first."""
    steps_first, sequences_first = layer(20, 24), layer(20, 24, batch_first=True)
    assert batch_of(read_module(steps_first, (10, sequences, 20))) == sequences
    assert batch_of(read_module(sequences_first, (sequences, 10, 20))) == sequences
