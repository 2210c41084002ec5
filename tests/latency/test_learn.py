"""What is held out once a process goes by what it is learned from: the same folder with other rows is other evidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dsim.device import find_profile
from dsim.latency.hold_out import hold_out_once
from dsim.latency.learners import learner_of


def test_a_profile_without_some_rows_is_learned_anew() -> None:
    whole = find_profile("galaxy-s24-onnx-w8a16")
    learner = learner_of(whole)
    priced = [row for row in whole.networks if row.graph and row.counts]
    part = replace(whole, networks=tuple(priced[:3]))
    first, second, again = (hold_out_once(learner, learner.gather(one)) for one in (whole, part, whole))
    assert again is first
    assert len(second.log_ms) < len(first.log_ms)
    assert not np.isnan(first.log_ms).any()
