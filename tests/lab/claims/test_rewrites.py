"""The gains of rewrites: predicted from other families alone, and kept as contrasts that advice reads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dsim.advice import Rewrite, Verdict, Way
from dsim.advice.evidence import operator_set_gain
from dsim.device import contrasts_on, find_profile, operator_set
from dsim.device.graded import Grade
from dsim.device.tells import Scope
from dsim.device.variants import Variant
from dsim.graph.forms import Form
from lab.claims.rewrites.pack import contrasts_of
from lab.claims.rewrites.predicted import predicted_percent, rewrites_table
from lab.claims.rewrites.timed import PLAIN, Timed, paired

CPU = find_profile("epyc-zen4-onnxruntime")
STEPS, OP = Form("layer_norm", "", written_out=True), Form("layer_norm")
SET = Rewrite(
    "operator set 17 in place of 14: fused", 2, Verdict.UNKNOWN, None, Way.OPSET, "", operator_set=17
)
NORM = Rewrite("one op", 2, Verdict.UNKNOWN, None, Way.FORMS, "", STEPS, OP)
MERGED = Rewrite("merged (3 branches into 1)", 1, Verdict.UNKNOWN, None, Way.BRANCHES, "")


def row(network: str, percent: float, rewrite: Rewrite = SET, model: float | None = None) -> Timed:
    found = Variant(network, rewrite.what, 10.0, percent, percent - 1, percent + 1, 9, "dsim", "made")
    return Timed(
        network, rewrite, "2 places", found, model, operator_set.BETWEEN if rewrite.operator_set else ""
    )


def test_a_rewrite_is_predicted_from_other_families() -> None:
    rows = [
        row("convnext_atto", -10.0),
        row("convnextv2_atto", -14.0),
        row("edgenext_xx_small", -20.0),
        row("pvt_v2_b0", -60.0),
    ]
    rows.append(row("edgenext_xx_small", -1.0, NORM))
    known = contrasts_of(rows, CPU)
    assert [predicted_percent(one, known, CPU) for one in rows] == [
        pytest.approx(-40.0),  # the middle of 20 and 60
        pytest.approx(-40.0),
        pytest.approx(-14.0),
        pytest.approx(-14.0),
        None,  # no other family's norms were timed in both forms
    ]


def test_the_model_s_figure_is_that_of_merged_branches() -> None:
    merged = row("repvgg_a0", -10.0, MERGED, model=-33.0)
    assert contrasts_of([merged], CPU) == ()
    assert predicted_percent(merged, (), CPU) == -33.0


def test_contrasts_speak_of_this_runtime_s_version_and_chip() -> None:
    (one,) = contrasts_of([row("convnext_atto", -15.0)], CPU)
    assert (one.grade, one.before_ms, one.after_ms) == (Grade.A, 10.0, 8.5)
    assert (one.after_low_ms, one.after_high_ms) == (8.4, 8.6)
    seen = contrasts_on(CPU, [one])
    assert [found.scope for found in seen] == [Scope.STACK]
    gain = operator_set_gain(seen, operator_set.BETWEEN)
    assert gain is not None
    assert gain.changes == pytest.approx((-0.15,))


def test_what_is_too_uncertain_is_no_contrast() -> None:
    sure = row("convnext_atto", -15.0)
    unsure = replace(sure, found=replace(sure.found, low_percent=-19.0))
    assert len(contrasts_of([sure, unsure], CPU)) == 1


def test_a_change_is_paired_with_the_file_that_differs_in_it_alone() -> None:
    # from the file as it was to a later operator set 10%, from there to one op nothing
    turns = [
        {PLAIN: 10.0 * slow, "17": 9.0 * slow, "one op": 9.0 * slow} for slow in (1.0, 1.1, 1.3, 1.0, 1.2)
    ]
    found = paired("a net", turns, "17", "one op")
    assert found is not None
    assert found.percent == pytest.approx(0.0)
    raised = paired("a net", turns, PLAIN, "17")
    assert raised is not None
    assert raised.percent == pytest.approx(-10.0)
    assert paired("a net", turns[:4], PLAIN, "17") is None  # too few turns for an interval


def test_the_table_shows_both() -> None:
    rows = [row("convnext_atto", -10.0), row("edgenext_xx_small", -20.0)]
    text = rewrites_table(rows, contrasts_of(rows, CPU), CPU, "2 rewrites in 2 networks")
    assert (
        "| convnext_atto | operator set 17 in place of 14 | 2 places | 10 | -10.0 (-11.0 to -9.0) | -20.0 |"
        in text
    )
