"""From a journal to a profile without the machine's drift: by anchors, and by what runtimes have in common."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dsim.device.add.write import write_profile
from dsim.device.drift import ANCHORS, KeptDrift, read_drift
from dsim.device.load import load_profile
from dsim.device.profile import CHECK, LEARN
from dsim.errors import InvalidValueError
from dsim.latency.scoring import Held
from dsim.measure.drift import Drift
from dsim.measure.drift_readings import machine_drift, minutes_of, shared_readings
from dsim.measure.error_shares import error_shares
from dsim.measure.journal import Entry, open_journal
from dsim.measure.make_profile import make_profile, without_drift
from dsim.measure.observe import Observation, Observed
from dsim.measure.plan import anchors
from dsim.measure.planned import ANCHOR, Planned
from dsim.measure.ready import Kitchen
from dsim.measure.records import Ready, Session
from dsim.measure.run import GROUP, Loop
from dsim.report.drift import COLUMNS, ROWS, drift_plot, drift_sentence
from tests.measure.test_batches import Instant, designs, timed
from tests.measure.test_journal import HEAD

SEEN = Observation(10.0, 0.1, 11.0, 40, 0, False, ())


def slow(minute: float) -> float:
    """Return how many times as long as usual the made-up machine takes: by a tenth, in a swing of 40 minutes."""
    return 1.0 + 0.1 * math.sin(minute * math.pi / 20.0)


def entry(planned: Planned, minute: float, times: float = 1.0) -> Entry:
    """Return a network as it is timed at a moment."""
    one = timed(planned) if planned.arch else Entry(planned, Observed({"onnxruntime": SEEN}, {}), 0.5)
    seen = one.observed.seen["onnxruntime"]
    factor = slow(minute) * times
    ops = tuple(op._replace(latency_ms=op.latency_ms * factor) for op in seen.ops)
    taken = replace(seen, latency_ms=seen.latency_ms * factor, ops=ops)
    return replace(one, observed=Observed({"onnxruntime": taken}, {}), at_s=1000.0 + 60.0 * minute)


def test_anchors_take_the_drift_off_a_profile(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    marks = [
        entry(Planned(f"anchor{n % 3}@224", ANCHOR), n / 1.5, 1.0 + float(rng.normal(0.0, 0.004)))
        for n in range(60)
    ]
    planned = [*designs(5, LEARN, "drift"), *designs(2, CHECK, "checks of drift")]
    minutes = np.linspace(2.0, 38.0, len(planned))
    entries = [entry(one, float(minute)) for one, minute in zip(planned, minutes, strict=True)]
    drift = machine_drift(HEAD, entries, marks)
    assert drift is not None
    assert drift.course.told_by == ANCHORS
    made = make_profile("made-up", "made up", HEAD, "onnxruntime", entries, drift=drift)
    profile = load_profile(write_profile(tmp_path, made.addition))
    true = np.array([timed(one).observed.seen["onnxruntime"].latency_ms for one in planned])
    found = np.array([row.latency_ms for row in profile.networks])
    before = np.array([one.observed.seen["onnxruntime"].latency_ms for one in entries])
    off, was = np.log(found / true), np.log(before / true)
    assert off.std() < 0.01 < 0.05 < was.std()
    assert [row.latency_ms * (row.drift or 0.0) for row in profile.networks] == pytest.approx(
        before, rel=1e-4
    )
    kept = read_drift(profile.folder)
    assert kept == made.drift
    assert kept is not None
    assert kept.left_out == 0
    assert max(kept.percent) - min(kept.percent) == pytest.approx(20.0, abs=4.0)


def test_without_anchors_or_a_second_runtime_nothing_is_told() -> None:
    entries = [entry(one, 1.0) for one in designs(3, LEARN, "few")]
    assert machine_drift(HEAD, entries, ()) is None


def test_what_runtimes_share_is_their_mean_without_what_is_theirs_alone() -> None:
    """Both run every network 1.2 and 0.9 times as long as predicted; beside that both have the same +-5%."""
    both = {"design-a": 0.05, "design-b": -0.05, "design-c": 0.0}
    errors = {
        "one": {key: math.log(1.2) + value for key, value in both.items()},
        "two": {key: math.log(0.9) + value for key, value in both.items()},
    }
    found = shared_readings(errors, {"design-a": 1.0, "design-b": 2.0, "design-c": 3.0})
    assert {one.network: one.log_ms for one in found} == pytest.approx(both)
    assert {one.kind for one in found} == {"design"}
    assert [one.minute for one in found] == [1.0, 2.0, 3.0]


def test_older_journals_tell_the_time_by_their_runs() -> None:
    plain = Entry(Planned("a@224"), Observed({"onnxruntime": SEEN}, {}), 0.5)  # 40 runs of 11 ms: 0.44 s
    assert minutes_of([plain, plain]) == pytest.approx([0.22 / 60, 0.66 / 60])
    assert minutes_of([replace(plain, at_s=60.0), replace(plain, at_s=90.0)]) == [0.0, 0.5]


def test_a_figure_without_drift_has_the_error_of_both() -> None:
    one = without_drift(replace(SEEN, error_ms=0.3), Drift(math.log(1.25), 0.4 / 19.6))
    assert one.latency_ms == pytest.approx(8.0)
    assert one.error_ms == pytest.approx(0.4)  # 0.5 of the 10 ms: hypot(0.3, 0.4)


def test_an_anchor_is_timed_beside_each_group_and_kept_apart(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j.jsonl", HEAD)
    clock = iter(range(0, 1000, 10))
    loop = Loop(
        (Instant(),), journal, Kitchen(tmp_path, frozenset(), None), 600.0, 10, lambda *_: None, retries=0,
        anchors=anchors()[1:2], now=lambda: float(next(clock)),
    )  # fmt: skip
    assert loop.add(designs(1, LEARN, "beside")) == 1
    assert [one.planned.role for one in journal.entries()] == [LEARN]
    assert [one.planned.role for one in journal.anchors()] == [ANCHOR]
    assert [one.at_s for one in (*journal.entries(), *journal.anchors())] == [5.0, 5.0]


def test_an_anchor_is_loaded_once(tmp_path: Path) -> None:
    class Counting(Instant):
        opened = 0

        def open(self, ready: Ready) -> Session:
            Counting.opened += 1
            return super().open(ready)

    journal = open_journal(tmp_path / "j.jsonl", HEAD)
    loop = Loop(
        (Counting(),), journal, Kitchen(tmp_path, frozenset(), None), 600.0, 2 * GROUP, lambda *_: None, retries=0,
        anchors=anchors()[1:2],
    )  # fmt: skip
    assert loop.add(designs(2 * GROUP, LEARN, "once")) == 2 * GROUP
    assert len(journal.anchors()) == 2
    assert Counting.opened == 2 * GROUP + 1


def test_the_shares_of_an_error_are_those_of_its_parts(tmp_path: Path) -> None:
    """Drift of +-3%, figures known to 1%, and a model that is off by +-5%: 9, 1 and 25 - 1 parts of 34."""
    marks = [entry(one, 0.0) for one in (*designs(5, LEARN, "a"), *designs(6, CHECK, "b"))]
    made = make_profile("made-up", "made up", HEAD, "onnxruntime", marks)
    profile = load_profile(write_profile(tmp_path, made.addition))
    signs = dict(zip([row.graph for row in profile.networks if row.role == CHECK], (1, -1) * 3, strict=True))
    rows = tuple(
        replace(row, error_ms=0.0196 * row.latency_ms, drift=math.exp(0.03 * signs.get(row.graph, 0)))
        for row in profile.networks
    )
    held = [
        Held("made-up", row.graph, CHECK, row.latency_ms, row.latency_ms * math.exp(0.05 * signs[row.graph]), 1, 2, "", "")
        for row in rows
        if row.role == CHECK
    ]  # fmt: skip
    shares = error_shares(replace(profile, networks=rows), held)
    assert shares is not None
    assert shares.shares == pytest.approx((100 * 9 / 34, 100 / 34, 100 * 24 / 34))
    assert error_shares(profile, held[:4]) is None


KEPT = KeptDrift(ANCHORS, (0.0, 10.0, 20.0), (-3.0, 0.0, 3.0), (0.1, 0.1, 0.1), 3.0, 5.0, {"a": 1.0}, (), 2)


def test_the_plot_rises_where_the_machine_slows_down() -> None:
    lines = drift_plot(KEPT)
    assert len(lines) == ROWS + 2
    rows = [line.partition("|")[2] for line in lines[:ROWS]]
    assert rows[0].rstrip().endswith("*")
    assert len(rows[0]) == COLUMNS
    assert rows[-1].startswith("*")
    assert "-3.0 to +3.0%" in drift_sentence(KEPT)
    assert "2 networks left out" in drift_sentence(KEPT)


def test_a_broken_course_is_refused() -> None:
    for wrong in ({"told_by": "stars"}, {"percent": (1.0,)}):
        with pytest.raises(InvalidValueError):
            replace(KEPT, **wrong)  # type: ignore[arg-type]
