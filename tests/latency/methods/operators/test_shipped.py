"""Held-out predictions that come with dsim are of exactly the evidence that they were made of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dsim.device.find import bundled_profile
from dsim.latency.hold_out import hold_out
from dsim.latency.learners import LEARNERS
from dsim.latency.methods.operators.evidence import OpEvidence, gather
from dsim.latency.methods.operators.shipped import FILE, logs_to_bytes, read_logs, shipped_logs

NAME = "iphonexs-gpu-torch"
pytestmark = pytest.mark.skipif(
    not FILE.exists(), reason="run lab/validate/held_out.py: families are held out anew without it"
)


@pytest.fixture(scope="module")
def evidence() -> OpEvidence:
    return gather(bundled_profile(NAME))


def test_they_are_found_for_their_evidence_alone(evidence: OpEvidence) -> None:
    known = shipped_logs(evidence)
    assert known is not None, (
        "run lab/validate/held_out.py: evidence, graphs or the format of fits have changed"
    )
    assert len(known[0]) == len(known[1]) == len(evidence.keys)
    assert shipped_logs(replace(evidence, keys=evidence.keys[1:])) is None
    assert shipped_logs(replace(evidence, profile=replace(evidence.profile, name="another"))) is None


def test_what_is_written_is_whole() -> None:
    assert len(logs_to_bytes(read_logs())) > 0


@pytest.mark.slow
def test_they_are_what_holding_out_gives(evidence: OpEvidence) -> None:
    known, fresh = shipped_logs(evidence), hold_out(LEARNERS["operators"], evidence)
    assert known is not None
    # on another processor a few trees split elsewhere
    assert np.median(np.abs(known[0] - fresh.log_ms)) < 0.01
