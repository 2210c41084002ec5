"""What models are asked: designs priced together, networks of two families, and why not."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest

from dsim.arch import Stem, get_preset
from dsim.device import DeviceProfile
from dsim.latency.model import DeviceModel
from dsim.latency.records import Basis, KernelCost, LatencyEstimate
from lab.claims.paper import Inputs, Kind, Ruling, mobilenet, predicted, returns, stem
from lab.claims.paper.models import Models
from tests.lab.claims.paper.made import profile
from tests.shift.devices import Priced


@dataclass
class Model(Priced):
    """Milliseconds are GMACs; intervals are 10% either side."""

    complete: bool = True
    evidence: Basis = Basis.MEASURED

    def __post_init__(self) -> None:
        super().__init__((1.0, 0.0, 0.0))

    def estimate(self, graph, confidence):  # type: ignore[no-untyped-def]
        ms = graph.macs / 1e9
        kernel = KernelCost("stem", "conv2d", ms, self.evidence)
        return LatencyEstimate(
            ms, ms / 1.1, ms * 1.1, confidence, 0.0, self.complete, 0.0, (kernel,), ("no softmax",)
        )


@dataclass(frozen=True)
class Made(Models):
    """A model made here, in place of one that a profile's evidence gives."""

    made: Model
    errs: float | None = 0.05

    def model(self, profile: DeviceProfile) -> DeviceModel:
        return self.made  # type: ignore[return-value]

    def spread(self, profile: DeviceProfile) -> float | None:
        return self.errs


def asking(model: Model, spread: float | None = 0.05, seed: int = 0) -> Inputs:
    return Inputs(ask=True, seed=seed, models=Made(model, spread))


def test_networks_are_compared_with_both_intervals() -> None:
    check = mobilenet.judge(profile(), asking(Model()))
    ratio = get_preset("efficientformer_l1").to_graph().macs / 0.583e9
    assert check.pieces[0].kind is Kind.PREDICTED
    assert check.value == pytest.approx(100 * (ratio - 1), rel=0.01)
    assert check.verdict is Ruling.FAILS
    off = math.hypot(math.log(1.1), math.log(1.1))
    assert math.log1p(check.high / 100) - math.log1p(check.value / 100) == pytest.approx(off)


def test_returns_of_priced_designs() -> None:
    check = returns.judge(profile(), asking(Model()))
    ms = tuple(get_preset(name).to_graph().macs / 1e9 for name in returns.NAMES)
    assert check.value == pytest.approx(returns.factor(returns.top1(), ms))
    assert check.low < check.value < check.high
    assert check.verdict is Ruling.HOLDS


def test_stem_by_its_work() -> None:
    check = stem.judge(profile(), asking(Model()))
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
        (Model(evidence=Basis.EXTRAPOLATED), 0.05, "extrapolated"),
    ],
)
def test_why_a_model_is_not_believed(model: Model, spread: float | None, said: str) -> None:
    check = stem.judge(profile(), asking(model, spread))
    assert check.verdict is Ruling.OPEN
    assert said in check.why


def test_draws_are_those_of_the_seed() -> None:
    designs = [get_preset(name) for name in returns.NAMES]
    one, again, other = (
        predicted.designs(profile(), designs, asking(Model(), seed=seed)) for seed in (0, 0, 1)
    )
    np.testing.assert_allclose(one[1], again[1], rtol=1e-9)
    assert not np.allclose(one[1], other[1])
