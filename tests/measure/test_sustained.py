"""What stands beside the quiet latency: the tail, the time to load, and the latency of a device that has got hot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dsim.device import find_profile
from dsim.device.add.write import write_profile
from dsim.device.profile import LEARN
from dsim.errors import InvalidValueError
from dsim.measure.backends import find_backend
from dsim.measure.drift import Drift
from dsim.measure.journal import Entry, append_line, open_journal
from dsim.measure.make_profile import make_profile, without_drift
from dsim.measure.measurement import Request
from dsim.measure.observe import Observed, observe
from dsim.measure.planned import ANCHOR, Planned
from dsim.measure.ready import Kitchen, image_for, module_of, write_onnx
from dsim.measure.records import Ready
from dsim.measure.run import Loop
from dsim.measure.sustained import LEAST, sustained
from dsim.measure.timing import Timing
from dsim.records import to_plain
from dsim.shelf import metrics
from tests.measure.test_backends import planned as small
from tests.measure.test_batches import Instant, designs, timed
from tests.measure.test_journal import HEAD

BESIDE = ("p95_ms", "sustained_ms", "sustained_s", "load_ms")
planned = small  # the small network of the backends' contract


class Hot:
    """A device on a clock of its own: a run takes 1 ms, and 2 ms once it has run for 6 s."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def run(self) -> None:
        self.now += 0.001 if self.now < 6.0 else 0.002


def test_the_sustained_latency_is_that_of_the_hot_device() -> None:
    hot = Hot()
    found = sustained(hot.run, 10.0, hot)
    assert found == (pytest.approx(2.0), 10.0)
    assert hot.now == pytest.approx(10.0, abs=0.002)
    assert sustained(hot.run, 1e-6, hot).ms == pytest.approx(2.0)  # a few runs in any case
    assert hot.now == pytest.approx(10.0 + LEAST * 0.002, abs=0.003)


def test_the_tail_counts_the_runs_that_something_else_disturbed() -> None:
    quiet, loud = tuple(float(n) for n in range(1, 91)), tuple(float(n) for n in range(91, 101))
    assert Timing(quiet, loud).p95_ms == pytest.approx(95.05)  # of 1 to 100, by hand: 1 + 0.95 * 99
    assert Timing(quiet).p95_ms == pytest.approx(85.55)


def test_a_real_network_has_all_three_and_one_without_a_file_no_time_to_load(
    planned: Planned, tmp_path: Path
) -> None:
    path = tmp_path / "network.onnx"
    write_onnx(planned, path)
    ready = Ready(lambda: module_of(planned), image_for(planned), {"onnx": path})
    backends = [find_backend("onnxruntime"), find_backend("torch")]
    [first, second] = observe([ready, ready], backends, 0.1, plain=(0, 1), sustained_s=0.05, lasting=1)
    for name, one in first.seen.items():
        assert one.p95_ms is not None
        assert one.p95_ms >= one.median_ms >= one.latency_ms
        assert one.sustained_ms is not None
        assert one.sustained_ms > 0
        assert one.sustained_s == 0.05
        assert (one.load_ms is None) == (name == "torch")
    loaded = first.seen["onnxruntime"]
    assert loaded.load_ms is not None
    assert loaded.load_ms > loaded.latency_ms  # it holds one run
    assert {one.sustained_ms for one in second.seen.values()} == {None}


def test_old_lines_of_a_journal_load_and_new_ones_come_back(tmp_path: Path) -> None:
    [one] = designs(1, LEARN, "learn")
    entry = timed(one)
    full = replace(
        entry.observed.seen["onnxruntime"], p95_ms=3.25, sustained_ms=3.5, sustained_s=20.0, load_ms=41.125
    )
    new = Entry(one, Observed({"onnxruntime": full}, {}), 0.5)
    journal = open_journal(tmp_path / "j.jsonl", HEAD)
    old = to_plain(entry)
    for name in BESIDE:
        del old["seen"]["onnxruntime"][name]
    append_line(journal.path, old)
    journal.append(new)
    before, after = (found.observed.seen["onnxruntime"] for found in journal.entries())
    assert [getattr(before, name) for name in BESIDE] == [None] * 4
    assert [getattr(after, name) for name in BESIDE] == [3.25, 3.5, 20.0, 41.125]


def test_they_reach_the_profile_at_the_machines_usual_speed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSIM_PROFILES", str(tmp_path))
    entries = [timed(one) for one in designs(6, LEARN, "learn")]
    seen = entries[0].observed.seen["onnxruntime"]
    full = replace(seen, p95_ms=3.25, sustained_ms=3.5, sustained_s=20.0, load_ms=41.125)
    slow = without_drift(full, Drift(float(np.log(2.0)), 0.0))  # everything took twice as long
    assert [getattr(slow, name) for name in BESIDE] == pytest.approx([1.625, 1.75, 20.0, 20.5625])
    entries[0] = replace(entries[0], observed=Observed({"onnxruntime": full}, {}))
    write_profile(tmp_path, make_profile("made-up-beside", "made up", HEAD, "onnxruntime", entries).addition)
    key = entries[0].planned.key
    found = metrics(key, "made-up-beside")
    assert found.values == {
        "p95_ms": 3.25, "sustained_ms": 3.5, "load_ms": 41.125, "energy_mj": None, "int8_top1": None,
    }  # fmt: skip
    assert found.sustained_ms is not None
    assert found.sustained_ms.protocol.startswith("after 20 s without a pause; ")
    assert "last quarter" in found.sustained_ms.protocol
    rows = find_profile("made-up-beside").networks
    assert [row.p95_ms for row in rows if row.graph != key] == [None] * 5


def test_anchors_are_not_run_without_a_pause(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j.jsonl", HEAD)
    one, anchor = designs(2, LEARN, "learn")
    loop = Loop(
        (Instant(),), journal, Kitchen(tmp_path, frozenset(), None), 600.0, 1, lambda *_: None,
        retries=0, anchors=(replace(anchor, role=ANCHOR),), sustained_s=1e-3,
    )  # fmt: skip
    assert loop.add([one]) == 1
    assert [entry.observed.seen["onnxruntime"].sustained_s for entry in journal.entries()] == [1e-3]
    assert [entry.observed.seen["onnxruntime"].sustained_s for entry in journal.anchors()] == [None]


@pytest.mark.parametrize("seconds", [-1.0, 3601.0, float("nan")])
def test_a_time_that_cannot_be_is_refused(seconds: float) -> None:
    with pytest.raises(InvalidValueError, match="without a pause last 0 to 3600 s"):
        Request(("torch",), "x", "", 1.0, 0, 1, False, False, sustained_s=seconds)
