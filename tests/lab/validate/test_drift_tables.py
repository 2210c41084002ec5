"""A profile as it was timed: the drift is put back into each figure, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dsim.device.add.write import write_profile
from dsim.device.drift import read_drift
from dsim.device.load import load_profile
from dsim.device.profile import LEARN
from dsim.measure.drift import Drift
from dsim.measure.make_profile import MachineDrift, make_profile
from lab.validate.drift_tables import BEFORE, put_back
from tests.measure.test_batches import designs, timed
from tests.measure.test_drift_readings import KEPT
from tests.measure.test_journal import HEAD


def test_the_drift_is_put_back(tmp_path: Path) -> None:
    entries = [timed(one) for one in designs(5, LEARN, "drift")]
    networks = {(one.planned.key, 1): Drift(0.01 * n, 0.001) for n, one in enumerate(entries)}
    made = make_profile(
        "made-up",
        "made up",
        HEAD,
        "onnxruntime",
        entries,
        drift=MachineDrift(replace(KEPT, left_out=0), networks),
    )
    profile = load_profile(write_profile(tmp_path, made.addition))
    assert [row.drift for row in profile.networks] == pytest.approx(np.exp(0.01 * np.arange(5)), rel=1e-4)
    before = load_profile(put_back(profile, tmp_path))
    assert before.name == f"made-up{BEFORE}"
    measured = [one.observed.seen["onnxruntime"].latency_ms for one in entries]
    assert [row.latency_ms for row in before.networks] == pytest.approx(measured, rel=2e-4)
    assert read_drift(before.folder) is None
    assert [row.role for row in before.networks] == [row.role for row in profile.networks]
