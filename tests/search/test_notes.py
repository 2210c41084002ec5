"""What a study says beside its figures where ``dsim predict`` would answer another question."""

from __future__ import annotations

from dsim.arch import get_preset
from dsim.latency import load_model
from dsim.network import predict
from dsim.search.judge import judge
from dsim.search.notes import question_notes
from dsim.search.score import Scorer
from dsim.search.table import CostTable
from tests.search.fakes import FakeAccuracy

DEVICE = "iphone12"


def test_a_published_design_is_priced_as_all_designs_are_and_what_predict_says_stands_beside_it() -> None:
    latency, accuracy = load_model(DEVICE), FakeAccuracy()
    scorer = Scorer(latency, accuracy, CostTable(latency, accuracy), 2.0, 0.9)
    design = judge(get_preset("efficientformer_l1"), scorer)
    alone = predict("efficientformer_l1", DEVICE)
    (note,) = question_notes(latency, design, 0.9)
    assert "a network that was timed here, or a variant of one" in note
    assert f"{alone.low_ms:.3g} to {alone.high_ms:.3g} ms" in note
    assert abs(design.latency_ms - alone.latency_ms) < 1e-9 * alone.latency_ms  # the estimate is one
