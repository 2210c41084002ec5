"""Which question an interval answers, and what it rests on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dsim.arch import PRESETS
from dsim.device.find import find_profile
from dsim.latency import load_model
from dsim.latency.calibrate import Calibration, calibrate
from dsim.latency.facts import facts_of
from dsim.latency.features import kernels
from dsim.latency.learners import learner_of
from dsim.latency.question import Question
from dsim.latency.strata import Places, Strata, places
from dsim.latency.timed import Timed, block_kinds

PROFILE = find_profile("galaxy-s24-qnn-float")


def _calibration(spread: float) -> Calibration:
    errors = np.linspace(-spread, spread, 50)
    return calibrate(errors, np.arange(50).astype(str), np.zeros(50, dtype=np.int64), 0)


@pytest.fixture(scope="module")
def put() -> tuple[Places, object]:
    evidence = learner_of(PROFILE).gather(PROFILE)
    return places(evidence), evidence


def test_questions_by_kinds_alone() -> None:
    timed = Timed.of([frozenset("ab"), frozenset("bc")])
    assert timed.question(frozenset("ab")) is Question.VARIANT
    assert timed.question(frozenset("ac")) is Question.KNOWN
    assert timed.question(frozenset("ad")) is Question.FOREIGN


def test_depth_and_width_change_no_kind_and_an_activation_does() -> None:
    def kinds(name: str) -> frozenset[str]:
        return block_kinds(facts_of(kernels(PRESETS[name].to_graph(), PROFILE.passes)))

    assert kinds("efficientformer_l1") == kinds("efficientformer_l3")
    assert kinds("efficientformer_l1") != kinds("efficientformerv2_s0")
    assert "activation gelu" in kinds("efficientformer_l1")


def test_a_figure_is_of_known_kinds_where_other_families_hold_them(put: tuple[Places, object]) -> None:
    found, evidence = put
    figures = evidence.figures  # type: ignore[attr-defined]
    # of each device apart: ResNet-50's kinds are in its wider twin of another name, ConvNeXt's 7x7 depthwise in no other family
    for key, known in (("resnet50@224", True), ("convnext_tiny@224", False)):
        rows = [n for n, one in enumerate(figures.keys) if one == key]
        assert rows
        assert {bool(found.known[n]) for n in rows} == {known}


def test_a_question_without_families_is_answered_by_the_next_farther_one() -> None:
    far, near = _calibration(3.0), _calibration(1.0)
    strata = Strata(far, near, near, np.array([20, 9, 0]), Timed.of([frozenset("ab")]))
    assert strata.answered(Question.VARIANT) is Question.KNOWN
    assert strata.rests_on(Question.KNOWN) == 9
    assert replace(strata, families=np.array([20, 0, 0])).answered(Question.VARIANT) is Question.FOREIGN
    assert strata.of(Question.KNOWN).quantile(0.95) < strata.of(Question.FOREIGN).quantile(0.95)


def test_one_given_network_has_one_answer_whoever_asks() -> None:
    model, graph = load_model("iphone12"), PRESETS["efficientformer_l1"].to_graph()
    assert model.question(graph) is Question.VARIANT  # the iPhone 12 timed EfficientFormer
    said, priced = model.estimate(graph), model.price_network(graph)
    assert said.question is Question.VARIANT
    ends = (priced.latency_ms[0], priced.low_ms[0], priced.high_ms[0])
    assert ends == pytest.approx((said.latency_ms, said.low_ms, said.high_ms))
    # the smallest budget that it fits: the one-sided 90% quantile of the same errors, with the chance of a fall on top
    log, spread = model.pricing.log_ms(model.featurise(graph)[None])
    stays = 1.0 - said.p_cliff
    below = model.strata.variant.below((np.log(priced.needs_ms) - log) / spread)
    assert float(below[0]) * stays == pytest.approx(0.9, abs=1e-6)
