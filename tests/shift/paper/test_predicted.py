"""What models are asked: designs priced together, networks of two families, and why not."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest

from dsim.arch import Stem, get_preset
from dsim.latency.records import Evidence, KernelCost, LatencyEstimate
from dsim.latency.siblings import Siblings
from dsim.shift.paper import Inputs, Kind, Ruling, mobilenet, predicted, returns, stem
from tests.shift.devices import Priced
from tests.shift.paper.made import profile

INPUTS = Inputs(ask=True)


@dataclass
class Model(Priced):
    """Milliseconds are GMACs; intervals are 10% either side."""

    complete: bool = True
    evidence: Evidence = Evidence.MEASURED

    def __post_init__(self) -> None:
        super().__init__((1.0, 0.0, 0.0))

    def estimate(self, graph, confidence):  # type: ignore[no-untyped-def]
        ms = graph.macs / 1e9
        kernel = KernelCost("stem", "conv2d", ms, self.evidence)
        return LatencyEstimate(
            ms, ms / 1.1, ms * 1.1, confidence, 0.0, self.complete, 0.0, (kernel,), ("no softmax",)
        )


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    def use(model: Model, spread: float | None = 0.05) -> None:
        monkeypatch.setattr(predicted, "load_model", lambda name: model)
        monkeypatch.setattr(predicted, "siblings", lambda name: Siblings(spread, 20, 4))

    return use


def test_networks_are_compared_with_both_intervals(answer) -> None:  # type: ignore[no-untyped-def]
    answer(Model())
    check = mobilenet.judge(profile(), INPUTS)
    ratio = get_preset("efficientformer_l1").to_graph().macs / 0.583e9
    assert check.pieces[0].kind is Kind.PREDICTED
    assert check.value == pytest.approx(100 * (ratio - 1), rel=0.01)
    assert check.verdict is Ruling.FAILS
    off = math.hypot(math.log(1.1), math.log(1.1))
    assert math.log1p(check.high / 100) - math.log1p(check.value / 100) == pytest.approx(off)


def test_returns_of_priced_designs(answer) -> None:  # type: ignore[no-untyped-def]
    answer(Model())
    check = returns.judge(profile(), INPUTS)
    ms = tuple(get_preset(name).to_graph().macs / 1e9 for name in returns.NAMES)
    assert check.value == pytest.approx(returns.factor(returns.top1(), ms))
    assert check.low < check.value < check.high
    assert check.verdict is Ruling.HOLDS


def test_stem_by_its_work(answer) -> None:  # type: ignore[no-untyped-def]
    answer(Model())
    check = stem.judge(profile(), INPUTS)
    design = get_preset("efficientformer_l1")
    patches = replace(design, stem=Stem.PATCHIFY, stem_activation=None)
    expected = 100 * (patches.to_graph().macs / design.to_graph().macs - 1)
    assert check.pieces[0].value == pytest.approx(expected)
    assert check.verdict is Ruling.FAILS


@pytest.mark.parametrize(
    ("model", "spread", "said"),
    [
        (Model(complete=False), 0.05, "no softmax"),
        (Model(), None, "too few networks"),
        (Model(evidence=Evidence.EXTRAPOLATED), 0.05, "extrapolated"),
    ],
)
def test_why_a_model_is_not_believed(answer, model: Model, spread: float | None, said: str) -> None:  # type: ignore[no-untyped-def]
    answer(model, spread)
    check = stem.judge(profile(), INPUTS)
    assert check.verdict is Ruling.OPEN
    assert said in check.why


def test_draws_are_those_of_the_seed(answer) -> None:  # type: ignore[no-untyped-def]
    answer(Model())
    designs = [get_preset(name) for name in returns.NAMES]
    one, again, other = (predicted.designs(profile(), designs, seed) for seed in (0, 0, 1))
    np.testing.assert_allclose(one[1], again[1], rtol=1e-9)
    assert not np.allclose(one[1], other[1])
