"""Modules that torch.export does not take as they are: read all the same, or told in one line what to pass instead."""

from __future__ import annotations

import collections
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch import nn

from dsim.errors import UnsupportedOpError
from dsim.graph import Graph
from dsim.graph.torch_reader import read_module
from tests.graph.oracle import labels

IMAGE = (1, 3, 32, 32)


def plain() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)
    ).eval()


# by hand: 16 x 16 places of 3 x 3 x 3 x 8, then 8 x 5
MACS = 256 * 27 * 8 + 8 * 5
PARAMS = 27 * 8 + 8 + 8 * 5 + 5


@dataclass
class Scores:
    """What a library of its own gives, which torch knows nothing of."""

    logits: torch.Tensor
    loss: torch.Tensor | None = None


class Named(nn.Module):
    """Returns an object."""

    def __init__(self, wrap: Callable[[torch.Tensor], object]) -> None:
        super().__init__()
        self.net, self.wrap = plain(), wrap

    def forward(self, x: torch.Tensor) -> object:
        return self.wrap(self.net(x))


class Ordered(collections.OrderedDict):  # type: ignore[type-arg]
    """A dictionary of a type of its own."""


class Changing(nn.Module):
    """Keeps count of its calls, and the last result."""

    def __init__(self) -> None:
        super().__init__()
        self.net, self.last = plain(), None
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        self.last = self.net(x)
        print("a word on standard output")  # noqa: T201
        return self.last


def _quantised() -> nn.Module:
    from torch.ao.quantization import (
        DeQuantStub,
        QuantStub,
        convert,
        fuse_modules,
        get_default_qconfig,
        prepare,
    )

    engines = torch.backends.quantized.supported_engines
    if "fbgemm" not in engines:
        pytest.skip("this build of torch has no fbgemm")
    module = nn.Sequential(QuantStub(), *plain(), DeQuantStub()).eval()
    module.qconfig = get_default_qconfig("fbgemm")
    fuse_modules(module, [["1", "2"]], inplace=True)
    prepared = prepare(module)
    prepared(torch.randn(IMAGE))
    return convert(prepared)


def _meta() -> nn.Module:
    with torch.device("meta"):
        return plain()


def _script() -> nn.Module:
    return torch.jit.script(plain())


def _trace() -> nn.Module:
    return torch.jit.trace(plain(), torch.zeros(IMAGE))


READS: dict[str, Callable[[], nn.Module]] = {
    "a dataclass comes out": lambda: Named(Scores),
    "a dictionary of a type of its own comes out": lambda: Named(lambda y: Ordered(logits=y)),
    "a named tuple comes out": lambda: Named(collections.namedtuple("Pair", "a b", defaults=[None])),
    "state that changes": Changing,
    "float64": lambda: plain().double(),
    "bfloat16": lambda: plain().bfloat16(),
    "meta": _meta,
    "lazy layers": lambda: nn.Sequential(
        nn.LazyConv2d(8, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LazyLinear(5)
    ),
    "in parallel": lambda: nn.DataParallel(plain()),
    "scripted": _script,
    "traced": _trace,
    "statically quantised": _quantised,
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("name", READS)
def test_it_reads_as_the_plain_network(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    graph: Graph = read_module(READS[name](), IMAGE)
    assert (graph.macs, graph.params) == (MACS, PARAMS)
    assert graph.unknown == ()
    assert labels(graph) == ["conv2d", "relu", "global_pool", "reshape", "linear"]
    assert capsys.readouterr().out == ""


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::FutureWarning")
def test_a_quantised_module_is_left_as_it_is() -> None:
    module = _quantised()
    before = [type(part) for part in module.modules()]
    read_module(module, IMAGE)
    assert [type(part) for part in module.modules()] == before


class Choosing(nn.Module):
    """Runs one of two layers, by what the image holds."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone, self.a, self.b = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 4, 1), nn.Conv2d(8, 4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.backbone(x)
        return self.a(y) if y.mean() > 0 else self.b(y)


class Selecting(nn.Module):
    """Returns as many rows as are positive, as a detection network does."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.backbone(x)
        return y[y[:, 0] > 0]


class Outside(nn.Module):
    """Goes through numpy."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Conv2d(3, 8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(self.net(x).numpy())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("module", "shape", "rules"),
    [
        (Choosing, IMAGE, ("depends on the values", "test_obstacles.py:", "its .backbone, its .a, its .b")),
        (Selecting, (5, 8), ("depends on the values", "its .backbone")),
        (Outside, IMAGE, ("numpy", "test_obstacles.py:", "its .net")),
        (lambda: torch.jit.freeze(_script()), IMAGE, ("frozen TorchScript", "that it was made from")),
    ],
)
def test_what_stands_in_the_way_is_one_line_with_what_to_pass_instead(
    module: Callable[[], nn.Module], shape: tuple[int, ...], rules: tuple[str, ...]
) -> None:
    with pytest.raises(UnsupportedOpError) as caught:
        read_module(module(), shape)
    told = str(caught.value)
    assert "\n" not in told
    assert len(told) < 300
    for rule in rules:
        assert rule in told
