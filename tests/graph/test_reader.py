"""The reader against torch: shapes, MACs and parameters of small networks, and what it does with the unknown."""

from __future__ import annotations

import logging

import networkx as nx
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from dsim.attrs import ConvAttrs, PadAttrs
from dsim.errors import UnsupportedOpError
from dsim.graph.torch_reader import read_module
from dsim.op import OpKind
from tests.graph.modules import Attention, ClassToken, Lambda, LayerScale, LinearNorm, Residual, SqueezeExcite
from tests.graph.oracle import flops_of, labels, read_checked

MAP = (1, 8, 16, 16)
TOKENS = (1, 9, 16)


@pytest.mark.parametrize("inplace", [False, True])
def test_a_residual_network(inplace: bool) -> None:
    graph = read_checked(Residual(inplace=inplace), (1, 3, 16, 16))
    assert graph.unknown == ()
    assert labels(graph).count("relu") == 3
    assert [node.scope for node in graph.nodes][:3] == ["stem", "bn", "act"]
    # the last ReLU feeds the pooling, and the skip starts behind the first one
    add = next(node for node in graph.nodes if node.op.kind is OpKind.ADD)
    assert graph.nodes[add.inputs[0].node].op.kind is OpKind.RELU


def test_a_value_written_in_place_is_read_afterwards() -> None:
    def run(x: torch.Tensor) -> torch.Tensor:
        y = x + 1
        y.relu_()
        return y * 2

    graph = read_module(Lambda(run), MAP)
    assert labels(graph) == ["add", "relu", "mul"]
    assert graph.nodes[2].inputs[0].node == 1


def test_a_part_written_in_place_changes_the_whole() -> None:
    def run(x: torch.Tensor) -> torch.Tensor:
        y = x + 1
        y[:, 2:] = x[:, 2:] * 3
        z = x.new_zeros(1, 16, 16, 16)
        z[:, :8] = y.relu()
        return z * 2

    graph = read_checked(Lambda(run), MAP)
    assert graph.unknown == ("copy", "copy")
    # everything that was computed reaches the output
    assert set(nx.ancestors(graph.digraph, graph.outputs[0].node)) >= {
        i for i, node in enumerate(graph.nodes[:-1]) if node.op.kind in (OpKind.ADD, OpKind.MUL, OpKind.RELU)
    }


def test_writing_into_a_view_that_nobody_reads_whole_costs_nothing() -> None:
    def run(x: torch.Tensor) -> torch.Tensor:
        y = torch.cat((x, x), 1)[:, :8]
        y += x
        z = (x * 2)[:, :]
        z.relu_()
        return y * z

    assert labels(read_checked(Lambda(run), MAP)) == ["concat", "slice", "add", "mul", "relu", "mul"]


@pytest.mark.parametrize("fused", [False, True])
def test_attention_costs_the_same_written_out_or_fused(fused: bool) -> None:
    graph = read_checked(Attention(fused), TOKENS)
    assert graph.unknown == ()
    assert labels(graph).count("matmul") == 2
    assert labels(graph).count("softmax") == 1
    bias = next(op for op in graph.ops if op.kind is OpKind.ADD)
    assert (bias.attrs.constant, bias.params) == ((4, 9, 9), 4 * 9)


def test_causal_attention() -> None:
    graph = read_module(
        Lambda(lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=True)), (1, 2, 5, 4)
    )
    assert graph.macs == 2 * 2 * 5 * 5 * 4  # torch's kernel for CPUs is not counted by its own counter
    assert labels(graph) == ["mul", "transpose", "matmul", "add", "softmax", "matmul"]


class AttentionPool(nn.Module):
    """One learned query that gathers what the tokens hold."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.layer = nn.Parameter(torch.zeros(1, 2, 1, 8)), nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.scaled_dot_product_attention(self.layer(self.query), x, x)


def test_attention_with_a_learned_query() -> None:
    module = AttentionPool()
    graph = read_module(module, (1, 2, 5, 8))
    assert labels(graph) == ["transpose", "matmul", "softmax", "matmul"]
    assert graph.macs == 2 * (2 * 5 * 8)  # the query itself is a constant
    assert graph.params == sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize(
    "module",
    [
        nn.TransformerEncoderLayer(16, 4, 32, batch_first=True, activation="gelu"),
        nn.TransformerEncoderLayer(16, 4, 32, batch_first=True, norm_first=True),
    ],
)
def test_torch_own_transformer_layer(module: nn.Module) -> None:
    graph = read_module(module, TOKENS)
    assert graph.params == sum(p.numel() for p in module.parameters())
    # written out: q, k, v and the output, two products of 9 tokens, and the MLP
    assert graph.macs == 9 * 16 * 16 * 4 + 2 * 9 * 9 * 16 + 2 * 9 * 16 * 32


def test_torch_own_multihead_attention() -> None:
    class SelfAttention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.MultiheadAttention(16, 4, batch_first=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x, x, x, need_weights=False)[0]

    module = SelfAttention()
    graph = read_module(module, TOKENS)
    assert graph.params == sum(p.numel() for p in module.parameters())
    assert graph.macs == 9 * 16 * 16 * 4 + 2 * 9 * 9 * 16
    assert labels(graph).count("softmax") == 1


def test_squeeze_and_excite() -> None:
    graph = read_checked(SqueezeExcite(), MAP)
    assert labels(graph) == ["global_pool", "conv2d", "silu", "conv2d", "sigmoid", "mul"]


def test_a_class_token_is_a_pad_with_parameters() -> None:
    graph = read_checked(ClassToken(), (1, 3, 32, 32))
    pad = next(op for op in graph.ops if op.kind is OpKind.PAD)
    assert (pad.attrs, pad.params) == (PadAttrs(((0, 0), (1, 0), (0, 0)), 6), 6)


def test_pooling_and_layer_scale() -> None:
    graph = read_checked(LayerScale(), (1, 6, 8, 8))
    assert labels(graph) == ["avg_pool", "sub", "mul", "add", "conv2d", "gelu", "conv2d", "mul", "add"]
    assert not next(op for op in graph.ops if op.kind is OpKind.AVG_POOL).attrs.count_include_pad


def test_linear_with_batch_norm_over_tokens() -> None:
    assert labels(read_checked(LinearNorm(), (1, 7, 6))) == ["linear", "reshape", "batch_norm", "reshape"]


class Blur(nn.Module):
    """A fixed filter: weights that nobody learns."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("filter", torch.ones(8, 1, 3, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.conv2d(x, self.filter, stride=2, padding=1, groups=8)


class Shared(nn.Module):
    """One linear layer that runs twice."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(16, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(F.gelu(self.layer(x)))


class Standardised(nn.Module):
    """A convolution whose weights are normalised and scaled by a learned gain before use."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.gain = nn.Conv2d(8, 4, 3), nn.Parameter(torch.ones(4, 1, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weight = self.conv.weight
        weight = (weight - weight.mean((1, 2, 3), keepdim=True)) * self.gain
        return F.conv2d(x, weight, self.conv.bias)


class HalfBias(nn.Module):
    """A bias of which only a part is learned."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.part = nn.Parameter(torch.ones(8, 16)), nn.Parameter(torch.ones(4))
        self.register_buffer("rest", torch.zeros(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, self.weight, torch.cat((self.part, self.rest)))


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (Blur(), MAP),
        (Shared(), TOKENS),
        (Standardised(), MAP),
        (HalfBias(), TOKENS),
        (nn.LayerNorm(16, bias=False), TOKENS),
        (nn.LayerNorm(16, elementwise_affine=False), TOKENS),
        (nn.LayerNorm((9, 16)), TOKENS),
        (nn.GroupNorm(4, 8), MAP),
        (nn.InstanceNorm2d(8, affine=True), MAP),
        (nn.BatchNorm2d(8, affine=False), MAP),
    ],
)
def test_parameters_are_counted_once_and_only_where_they_are_learned(
    module: nn.Module, shape: tuple[int, ...]
) -> None:
    assert read_checked(module, shape).unknown == ()


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (nn.Conv2d(8, 4, 4, padding="same"), MAP),
        (nn.Conv2d(8, 4, (3, 2), padding="same", dilation=(2, 3)), MAP),
        (nn.Conv2d(8, 4, 3, padding="same"), MAP),
        (nn.Conv2d(8, 4, 3, padding="valid"), MAP),
        (nn.Conv1d(8, 6, 3, stride=2, padding=1, groups=2), (1, 8, 15)),
        (nn.Conv1d(8, 8, 3, padding="same", bias=False), (1, 8, 15)),
    ],
)
def test_convolutions_in_all_their_spellings(module: nn.Module, shape: tuple[int, ...]) -> None:
    assert read_checked(module, shape).unknown == ()


def test_uneven_same_padding_is_a_pad_of_its_own() -> None:
    graph = read_module(nn.Conv2d(8, 4, 4, padding="same"), MAP)
    assert labels(graph) == ["pad", "conv2d"]
    # torch puts the odd one behind
    assert graph.nodes[0].op.attrs == PadAttrs(((0, 0), (0, 0), (1, 2), (1, 2)))
    assert graph.nodes[1].op.attrs == ConvAttrs(4, (4, 4))


def _no_grad(x: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        y = x.relu()
    with torch.enable_grad():
        return y * 2


def _autocast(x: torch.Tensor) -> torch.Tensor:
    with torch.autocast("cpu", enabled=False):
        return x.relu() * 2


W = torch.ones(8, 5)
FUNCTIONS = {
    "einsum, matrix product": lambda x: torch.einsum("bchw,bcxy->bhx", x, x),
    "einsum, batch kept": lambda x: torch.einsum("bchw,bcxw->bchx", x, x),
    "einsum, constant": lambda x: torch.einsum("bchw,ck->bhwk", x, W),
    "einsum, constant first": lambda x: torch.einsum("ck,bchw->bkhw", W, x),
    "einsum, ellipsis": lambda x: torch.einsum("...hw,...xw->...hx", x, x),
    "einsum, implicit": lambda x: torch.einsum("bchw,bcxw", x, x),
    "einsum, transposed": lambda x: torch.einsum("bchw->bwhc", x),
    "einsum, summed": lambda x: torch.einsum("bchw->bc", x),
    "roll": lambda x: torch.roll(x, (3, -2), (2, 3)),
    "pixel shuffle": lambda x: F.pixel_shuffle(x, 2),
    "pixel unshuffle": lambda x: F.pixel_unshuffle(x, 4),
    "channel shuffle": lambda x: F.channel_shuffle(x, 4),
    "chunk": lambda x: sum(x.chunk(4, 1)),
    "chunk, uneven": lambda x: x.chunk(3, 1)[2],
    "split": lambda x: x.split([3, 5], 1)[1],
    "split by size": lambda x: x.split(3, 1)[2],
    "tensor split": lambda x: x.tensor_split(3, 1)[0],
    "unbind": lambda x: x.unbind(2)[3],
    "stack": lambda x: torch.stack((x, x), 2),
    "concat": lambda x: torch.cat((x, x, x), 1),
    "slice": lambda x: x[:, 2:7:2, :-1, 3:],
    "select": lambda x: x[:, 2, None, ..., -1],
    "index by a table": lambda x: x[:, torch.tensor([0, 3, 3, 1, 5])],
    "index by two tables": lambda x: x[:, :, torch.tensor([[0], [2]]), torch.tensor([1, 4, 5])],
    "index select": lambda x: x.index_select(1, torch.tensor([7, 0])),
    "pad": lambda x: F.pad(x, (1, 2, 0, 3)),
    "pad, negative": lambda x: F.pad(x, (-1, 2, 3, -2)),
    "expand": lambda x: x.mean((2, 3), keepdim=True).expand(-1, -1, 4, 4),
    "expand in front": lambda x: x.expand(3, 1, 8, 16, 16),
    "repeat": lambda x: x.repeat(1, 2, 1, 1),
    "flip": lambda x: x.flip(2),
    "windows": lambda x: x.unfold(2, 4, 2),
    "unfold": lambda x: F.unfold(x, 3, padding=1),
    "movedim": lambda x: x.movedim(1, -1),
    "movedim, two": lambda x: x.movedim((1, 2), (3, 0)),
    "permute": lambda x: x.permute(0, 2, 3, 1),
    "transpose": lambda x: x.transpose(1, -1),
    "matrix transpose": lambda x: x.mT @ x,
    "squeeze": lambda x: x.mean((2, 3), keepdim=True).squeeze(),
    "squeeze some": lambda x: x.mean((2, 3), keepdim=True).squeeze((2, -1)),
    "unflatten": lambda x: x.unflatten(1, (2, -1)),
    "upsample nearest": lambda x: F.interpolate(x, scale_factor=2),
    "upsample bilinear": lambda x: F.interpolate(x, size=(7, 9), mode="bilinear"),
    "upsample bicubic": lambda x: F.interpolate(x, scale_factor=1.5, mode="bicubic"),
    "max pool": lambda x: F.max_pool2d(x, 3, 2, 1),
    "max pool, ceil": lambda x: F.max_pool2d(x, 2, 3, ceil_mode=True),
    "average pool": lambda x: F.avg_pool2d(x, (2, 4)),
    "average pool, one axis": lambda x: F.avg_pool1d(x[0], 3, 2, 1),
    "adaptive pool": lambda x: F.adaptive_avg_pool2d(x, (4, None)),
    "adaptive max pool": lambda x: F.adaptive_max_pool2d(x, 4),
    "global max pool": lambda x: F.adaptive_max_pool2d(x, 1),
    "global sum": lambda x: x.sum(),
    "mean of one axis": lambda x: x.mean(1),
    "arithmetic": lambda x: 1 - x / 2 + (-x) ** 2 + x.square() + torch.reciprocal(x) + torch.rsub(x, 3),
    "addcmul": lambda x: torch.addcmul(x, x, torch.ones(8, 1, 1)),
    "clamp as relu6": lambda x: x.clamp(0, 6) + F.hardtanh(x, 0, 6) + F.relu6(x) + x.clamp(min=0),
    "hard activations": lambda x: F.hardswish(x) + F.hardsigmoid(x) + x.tanh(),
    "fresh tensors": lambda x: x + torch.zeros_like(x) + x.new_ones(8, 1, 1),
    "no grad inside": _no_grad,
    "autocast inside": _autocast,
    "dropout": lambda x: F.dropout(x, 0.5, training=False) * 2,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_a_map(name: str) -> None:
    assert read_checked(Lambda(FUNCTIONS[name]), MAP).unknown == ()


UNKNOWN = {
    "erf": torch.erf,
    "leaky_relu": F.leaky_relu,
    "linalg_vector_norm": lambda x: torch.linalg.vector_norm(x, dim=1, keepdim=True),
    "clamp_min": lambda x: x.clamp_min(1e-6),
    "pow": lambda x: x.pow(3),
    "adaptive_avg_pool2d": lambda x: F.adaptive_avg_pool2d(x, 5),
    "cat": lambda x: torch.cat((x, torch.zeros(1, 2, 16, 16), x), 1),
    "einsum": lambda x: torch.einsum("bcii->bc", x),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_has_no_rule_stays_by_name_with_its_shape(name: str) -> None:
    module = Lambda(UNKNOWN[name])
    graph = read_checked(module, MAP)
    assert graph.unknown == (name,)


def test_an_unknown_op_keeps_its_parameters_and_all_its_outputs() -> None:
    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.up = nn.ConvTranspose2d(8, 4, 2, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            low, high = torch.aminmax(self.up(x), dim=1)
            return low + high

    module = Recurrent()
    graph = read_module(module, MAP)
    assert graph.unknown == ("conv_transpose2d", "aminmax")
    assert graph.nodes[0].op.params == graph.params == 8 * 4 * 2 * 2 + 4
    assert [spec.shape for spec in graph.nodes[1].op.outputs] == [(1, 32, 32)] * 2
    assert [ref.slot for ref in graph.nodes[2].inputs] == [0, 1]


def test_arithmetic_on_constants_alone_is_folded() -> None:
    class PositionBias(nn.Module):
        """A bias that a small network makes of fixed coordinates, as Swin V2 and XCiT do."""

        def __init__(self) -> None:
            super().__init__()
            self.net, self.layer = (
                nn.Sequential(nn.Linear(2, 12), nn.ReLU(), nn.Linear(12, 16)),
                nn.Linear(16, 16),
            )
            self.register_buffer("places", torch.zeros(9, 2))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(x) + self.net(self.places)

    module = PositionBias()
    graph = read_module(module, TOKENS)
    assert labels(graph) == ["linear", "add"]
    assert graph.params == sum(p.numel() for p in module.parameters())
    folded = flops_of(lambda: module.net(module.places))
    assert 2 * graph.macs + folded == flops_of(lambda: module(torch.zeros(TOKENS)))


def test_modes_are_left_as_they_were() -> None:
    module = Residual().train()
    module.bn1.eval()
    read_module(module, (1, 3, 16, 16))
    assert module.training
    assert module.bn.training
    assert not module.bn1.training
    with pytest.raises(UnsupportedOpError):
        read_module(module, (1, 4, 16, 16))
    assert module.bn.training


def test_meta_modules_read_as_real_ones() -> None:
    with torch.device("meta"):
        module = Residual()
    graph = read_module(module, (1, 3, 16, 16))
    assert graph.hash() == read_module(Residual(), (1, 3, 16, 16)).hash()


def test_half_precision_modules() -> None:
    assert (
        read_module(Residual().half(), (1, 3, 16, 16)).hash()
        == read_module(Residual(), (1, 3, 16, 16)).hash()
    )


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (Lambda(lambda x: x if x.sum() > 0 else -x), MAP),  # control flow that depends on data
        (Lambda(lambda x: x[x > 0]), MAP),  # a shape that depends on data
        (Residual(), (1, 4, 16, 16)),  # the wrong number of channels
        (Attention(False), (1, 8, 16)),  # a bias that was made for another number of tokens
        (Lambda(lambda x: torch.ones(3)), MAP),  # the input does not matter
        (Lambda(lambda x: x[:, :0]), MAP),  # nothing comes out
    ],
)
def test_what_cannot_be_read_is_one_clear_line(
    module: nn.Module,
    shape: tuple[int, ...],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(UnsupportedOpError, match=r"cannot be read at input 1x") as caught:
        read_module(module, shape)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert type(module).__name__ in str(caught.value)


def test_several_outputs() -> None:
    graph = read_checked(Lambda(lambda x: (x.relu(), x.mean((2, 3)))), MAP)
    assert len(graph.outputs) == 2


def test_several_inputs() -> None:
    class Both(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.image, self.tokens = nn.Conv2d(3, 4, 1), nn.Linear(5, 4)

        def forward(self, image: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
            return self.image(image).flatten(2).transpose(1, 2) + self.tokens(tokens)

    graph = read_module(Both(), ((1, 3, 2, 3), (1, 6, 5)))
    assert [spec.shape for spec in graph.inputs] == [(1, 3, 2, 3), (1, 6, 5)]
    assert graph.params == 3 * 4 + 4 + 5 * 4 + 4
    assert graph.macs == 6 * 3 * 4 + 6 * 5 * 4


@pytest.mark.parametrize(
    ("layer", "kinds"),
    [
        (nn.MaxPool1d(3, 2, 1), ["reshape", "max_pool", "reshape"]),
        (nn.AdaptiveAvgPool1d(4), ["reshape", "avg_pool", "reshape"]),
        (nn.AdaptiveAvgPool1d(1), ["mean"]),
        (nn.LSTM(16, 5, batch_first=True), ["lstm"]),
        (nn.AdaptiveAvgPool1d(3), ["adaptive_avg_pool1d"]),  # windows of several sizes
    ],
)
def test_layers_over_a_sequence(layer: nn.Module, kinds: list[str]) -> None:
    class First(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            out = self.layer(x)
            return out[0] if isinstance(out, tuple) else out

    graph = read_module(First(), (1, 8, 16))
    assert labels(graph) == kinds
    assert graph.params == sum(p.numel() for p in layer.parameters())


def test_dictionaries_of_outputs_and_shared_weights() -> None:
    class Pyramid(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(8, 8, 3, 2, 1)

        def forward(self, x: torch.Tensor) -> dict[str, object]:
            fine = self.conv(x)
            return {"fine": fine, "rest": [self.conv(fine), None]}

    graph = read_module(Pyramid(), MAP)
    assert [graph.spec(ref).shape for ref in graph.outputs] == [(1, 8, 8, 8), (1, 8, 4, 4)]
    assert graph.params == 8 * 8 * 9 + 8


def test_a_number_taken_out_of_a_tensor_stays_that_tensor() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 3)

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, list[float]]:
            y = self.layer(x)
            return y * y.mean().item(), y.mean(0).tolist()

    graph = read_module(Scaled(), (2, 4))
    assert labels(graph)[:3] == ["linear", "mean", "mul"]
    assert graph.macs == 2 * 4 * 3
    assert graph.unknown == ()
