"""A search chooses the same design where each price is off by a part in a million million, exact ties included."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dsim.arch import Activation, Mixer, Norm, Stem
from dsim.search import Space
from dsim.search.exact import exact_optimum
from dsim.search.score import Scorer, Scores, pareto
from dsim.search.spec import StudySpec
from dsim.search.study import search_mixes
from dsim.search.table import CostTable
from tests.search.fakes import Accuracy, FakeAccuracy, FakeLatency, Latency

BUDGET_MS = 1.0
# activations and norms cost nothing on made devices, and change no accuracy: whole mixes tie
SPACE = Space(
    stems=(Stem.TWO_CONVS,),
    mixers=((Mixer.POOLING,),) * 4,
    attentions=(Mixer.ATTENTION,),
    attention_blocks=((0,), (1, 0)),
    activations=(Activation.GELU, Activation.RELU, Activation.SILU),
    norms=(Norm.BATCH,),
    widths=((32, 48), (64, 96), (128, 160), (256, 320)),
    depths=((1, 2), (1, 2), (2, 3), (2, 3)),
    mlp_ratios=((4.0,), (4.0,), (3.0, 4.0), (4.0,)),
)


class Shaken:
    """Another processor: every figure is off by up to a part in a million million, each time anew."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def off(self, values: np.ndarray) -> np.ndarray:
        return values * (1 + 1e-12 * self._random.uniform(-1, 1, values.shape))


class ShakenLatency(Shaken, FakeLatency):
    def price(self, phi: np.ndarray, confidence: float = 0.9, chance: float | None = None) -> Latency:
        found = super().price(phi, confidence, chance)
        return Latency(
            *(self.off(getattr(found, one)) for one in ("latency_ms", "low_ms", "high_ms", "needs_ms"))
        )


class ShakenAccuracy(Shaken, FakeAccuracy):
    def predict(self, summaries: np.ndarray, confidence: float = 0.9) -> Accuracy:
        found = super().predict(summaries, confidence)
        return Accuracy(self.off(found.top1), self.off(found.low), self.off(found.high))


def scorer(seed: int | None, budget_ms: float = BUDGET_MS) -> Scorer:
    latency = FakeLatency() if seed is None else ShakenLatency(seed)
    accuracy = FakeAccuracy() if seed is None else ShakenAccuracy(seed)
    return Scorer(latency, accuracy, CostTable(latency, accuracy), budget_ms, 0.9)


def search(one: Scorer, trials: int) -> tuple[object, ...]:
    found = search_mixes(StudySpec("x", one.budget_ms, trials=trials, space=SPACE, name="t"), one, "made")
    assert found.chosen is not None
    front = [(c.arch, f"{c.needs_ms:.6g}", f"{c.top1_low:.6g}") for c in found.front]
    return found.chosen.arch, found.fastest.arch, front


@pytest.mark.parametrize("trials", [4, 6])
def test_the_same_designs_are_found(trials: int) -> None:
    wanted = search(scorer(None), trials)
    assert [search(scorer(seed), trials) for seed in range(3)] == [wanted] * 3


def test_the_optimum_of_a_space_full_of_ties_is_one_design() -> None:
    wanted = exact_optimum(SPACE, scorer(None)).arch
    assert wanted is not None
    assert {exact_optimum(SPACE, scorer(seed)).arch for seed in range(3)} == {wanted}


def test_a_design_that_just_fits_fits_on_every_processor() -> None:
    chosen = search_mixes(
        StudySpec("x", BUDGET_MS, trials=4, space=SPACE, name="t"), scorer(None), "made"
    ).chosen
    assert chosen is not None
    for seed in range(5):
        exact = scorer(seed, chosen.needs_ms)
        scores = exact.score(exact.table.whole(chosen.arch)[None])
        assert exact.feasible(scores).all()
        clearly = replace(exact, budget_ms=chosen.needs_ms * (1 - 1e-6))
        assert not clearly.feasible(scores).any()


def test_a_front_holds_one_of_designs_that_tie() -> None:
    high, top1 = np.array([1.0, 1.0 + 1e-15, 2.0, 2.0]), np.array([70.0, 70.0 + 1e-13, 71.0 - 1e-13, 71.0])
    nothing = np.zeros(4)
    scores = Scores(high, high, high, high, top1, top1, top1, nothing == 0, nothing == 0)
    assert pareto(scores).tolist() == [0, 2]
    assert len(pareto(scores.take(np.array([], dtype=np.int64)))) == 0
