"""Attention in one op: the forms compute the same, and the quickest becomes a contrast that advice reads and does not write."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dsim
from dsim.advice import Verdict, Way
from dsim.device import find_profile
from dsim.device.variants import Variant
from dsim.errors import InvalidValueError
from lab.claims.rewrites.attention import (
    HEADS,
    PLAIN,
    TOKENS,
    WORDS,
    attention_table,
    contrasts_of,
    network,
    session,
)
from lab.claims.rewrites.here import profile_here
from tests.graph.onnx_files import exported
from tests.graph.tiny_vit import TinyVit

CPU = "epyc-zen4-onnxruntime"
SIZES = (5, 8, 2)


def timed(form: str, percent: float) -> Variant:
    return Variant("a net", form, 10.0, percent, percent - 1, percent + 1, 9, "dsim", "made")


def test_a_profile_of_another_machine_is_refused_before_anything_is_timed() -> None:
    with pytest.raises(
        InvalidValueError,
        match=r"--device must be of .*, got .* and Core ML.*; name a profile of this machine",
    ):
        profile_here("iphone12")


def test_all_forms_compute_the_same() -> None:
    wanted = session(network(PLAIN, *SIZES))()
    assert wanted.std() > 0.1
    for form in WORDS:
        np.testing.assert_allclose(session(network(form, *SIZES))(), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("percent", "verdict"), [(-2.0, Verdict.NO_GAIN), (-20.0, Verdict.PROPOSED)])
def test_advice_reads_the_op_that_takes_tokens(tmp_path: Path, percent: float, verdict: Verdict) -> None:
    rows = {SIZES: {TOKENS: timed(TOKENS, percent), HEADS: timed(HEADS, 5.0)}}
    known = contrasts_of(rows, find_profile(CPU))
    path = exported(TinyVit(), (1, 3, 4, 4), tmp_path / "a.onnx")
    (found,) = (
        one
        for one in dsim.advise(path, CPU, among=known).rewrites
        if "in one op that takes tokens" in one.what
    )
    assert (found.way, found.verdict, found.places) == (Way.BY_HAND, verdict, 2)
    assert found.gain is not None
    assert found.gain.changes == pytest.approx((percent / 100,))
    advice = dsim.advise(path, "epyc-zen3-onnxruntime", among=known)
    (there,) = (one for one in advice.rewrites if one.what == found.what)
    assert there.verdict is Verdict.UNKNOWN
    assert f"{percent:+.0f}% in 1 contrast of grade A on another chip through the same runtime" in there.says
    assert not [one for one in dsim.advise(path, "iphone12", among=known).rewrites if one.what == found.what]
    assert f"| 5, 8 | {WORDS[TOKENS]} | 10 | {percent:+.1f} (" in attention_table(rows, "a title")


def test_networks_with_few_attentions_are_told_nothing_of_it(tmp_path: Path) -> None:
    known = contrasts_of({SIZES: {TOKENS: timed(TOKENS, -20.0)}}, find_profile(CPU))
    path = exported(TinyVit(lambda x: x.relu().sigmoid().relu()), (1, 3, 4, 4), tmp_path / "a.onnx")
    (found,) = (
        one
        for one in dsim.advise(path, CPU, among=known).rewrites
        if "in one op that takes tokens" in one.what
    )
    assert (found.verdict, found.gain) == (Verdict.UNKNOWN, None)
    assert "nothing is known of fewer" in found.says
