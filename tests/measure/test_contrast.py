"""Blocks that differ in one choice: on a machine whose costs are known, the difference must come back in its interval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dsim.errors import FileFormatError, InvalidValueError
from dsim.measure import contrast_run
from dsim.measure.contrast import COPIES, PAIRS, PLAIN, VARIANTS, BlockOptions, Shape, block_graph
from dsim.measure.contrast_figures import block_contrasts, loading_spread, quiet_ms
from dsim.measure.contrast_journal import Chain, Visit, append_visit, read_visits
from dsim.measure.contrast_run import ContrastLoop, waiting_visits
from dsim.measure.journal import Head, Journal, open_journal
from dsim.measure.machine import Machine
from dsim.measure.ready import kitchen
from dsim.measure.records import Ready, Session, Stack
from dsim.measure.timing import Timing, time_in_turns
from dsim.op import OpKind

HEAD = Head(Machine("chip", 2, ("avx2",), "Linux"), {"fake": Stack("Fake 1", "float32", "NCHW")}, 1, 0)
SHAPES = (Shape(4, 8), Shape(2, 16))
FIXED_MS = 3.0
# by torch's own name of the layer; what a block holds of them is counted by hand below
COST_MS = {
    "Conv2d": 1.0,
    "AvgPool2d": 0.4,
    "ReLU": 0.05,
    "GELU": 0.35,
    "SiLU": 0.2,
    "Hardswish": 0.1,
    "LayerNorm": 0.3,
}
COST_MS |= {"GroupNorm": 0.5, "BatchNorm2d": 0.0}
CONTRASTS_MS = {
    "activation:relu>gelu": 0.3,
    "activation:relu>silu": 0.15,
    "activation:relu>hardswish": 0.05,
    "activation:gelu>silu": -0.15,
    "norm:batch>layer": 2 * 0.3,  # one before the mixer, one before the MLP; batch norm costs nothing here
    "norm:batch>group": 2 * 0.5,
    "norm:layer>group": 2 * 0.2,
}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Fake:
    """A runtime on a clock of its own: layers cost what the table says, and a neighbour slows every turn differently."""

    name, reads = "fake", ""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.rng, self.opened = clock, np.random.default_rng(5), 0

    def stack(self) -> Stack:
        return HEAD.stacks["fake"]

    def open(self, ready: Ready) -> Session:
        self.opened += 1
        kinds = Counter(type(layer).__name__ for layer in ready.module.modules())
        cost = FIXED_MS + sum(ms * kinds[kind] for kind, ms in COST_MS.items())
        loading = float(np.exp(self.rng.normal(0.0, 0.003)))

        def run() -> None:
            slow = 1.0 + float(abs(np.sin(self.clock.now / 7.0)) * 0.1 * self.rng.random())
            self.clock.now += cost * loading * slow / 1e3

        return Session(run, None)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()

    def timed(sessions: Mapping[tuple[int, str], Session], seconds: float) -> dict[tuple[int, str], Timing]:
        return time_in_turns({key: one.run for key, one in sessions.items()}, seconds, clock, clock)

    monkeypatch.setattr(contrast_run, "time_sessions", timed)
    return clock


def loop(journal: Journal, fake: Fake, seconds: float, shown: list[str]) -> int:
    with kitchen(frozenset(), None) as made:
        return ContrastLoop(
            (fake,),
            journal,
            made,
            seconds,
            lambda _n, _s, what, _a: shown.extend([what] if what else []),
            SHAPES,
            1,
            fake.clock,
        ).run()


def test_what_a_choice_costs_comes_back_within_its_interval(tmp_path: Path, clock: Clock) -> None:
    journal = open_journal(tmp_path / "j.contrasts.jsonl", HEAD)
    assert loop(journal, Fake(clock), 1e6, []) == 3
    found = block_contrasts(read_visits(journal), "fake")
    assert len(found) == len(PAIRS) * len(SHAPES)
    inside = 0
    for one in found:
        change = one.b_ms - one.a_ms
        assert one.low_ms <= change <= one.high_ms
        if one.pair.choice in CONTRASTS_MS:
            truth = CONTRASTS_MS[one.pair.choice]
            assert change == pytest.approx(truth, abs=0.06), one.pair.choice
            inside += one.low_ms <= truth <= one.high_ms
        if one.pair.a == PLAIN:
            assert one.a_ms == pytest.approx(2 * 1.0 + 0.4 + 0.05, rel=0.05), (
                "what stands beside the blocks is gone"
            )
    assert inside >= 0.7 * len(CONTRASTS_MS) * len(SHAPES)


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    truth = {variant: 2.0 + 0.1 * n for n, variant in enumerate(VARIANTS)}
    hits, total = 0, 0
    for _ in range(25):
        visits = [_visit(rng, truth, number) for number in range(2)]
        for one in block_contrasts(visits, "fake"):
            hits += one.low_ms <= truth[one.pair.b] - truth[one.pair.a] <= one.high_ms
            total += 1
    assert 0.82 <= hits / total <= 0.98


def _visit(rng: np.random.Generator, truth: Mapping[BlockOptions, float], number: int) -> Visit:
    slow = np.exp(np.abs(rng.normal(0.0, 0.05, 12)))
    turns = np.repeat(np.arange(12), 4)
    chains = []
    for variant, block in truth.items():
        for copies in COPIES:
            whole = (1.0 + copies * block) * np.exp(rng.normal(0.0, 0.004))
            ms = whole * slow[turns] * np.exp(rng.normal(0.0, 0.003, len(turns)))
            chains.append(Chain(variant, copies, tuple(map(int, turns)), tuple(map(float, ms))))
    return Visit(SHAPES[0], number, 0.5, {"fake": tuple(chains)}, {})


def test_the_spread_of_loading_is_found_and_what_all_share_is_not_counted() -> None:
    rng = np.random.default_rng(3)
    found = [
        loading_spread([_visit(rng, dict.fromkeys(VARIANTS, 2.0), number) for number in range(2)], "fake")
        for _ in range(20)
    ]
    assert np.median(found) == pytest.approx(0.004, rel=0.35)
    assert loading_spread([_visit(rng, dict.fromkeys(VARIANTS, 2.0), 0)], "fake") == 0.0


def test_quiet_latency_with_weights_is_that_of_repeated_runs() -> None:
    ms = np.array([5.0, 1.0, 3.0, 2.0, 4.0])
    weight = np.array([[1.0, 1.0, 1.0, 1.0, 1.0], [3.0, 0.0, 2.0, 0.0, 4.0]])
    # by hand: the smallest run below which a tenth lies
    assert list(quiet_ms(ms, weight)) == [1.0, 3.0]


def test_a_block_differs_in_the_choice_alone() -> None:
    kinds = {one: Counter(op.kind for op in block_graph(one, SHAPES[0]).ops) for one in VARIANTS}
    norms = {OpKind.BATCH_NORM, OpKind.LAYER_NORM, OpKind.GROUP_NORM, OpKind.TRANSPOSE}
    for pair in PAIRS:
        differ = set((kinds[pair.a] - kinds[pair.b]) + (kinds[pair.b] - kinds[pair.a]))
        kind = pair.choice.partition(":")[0]
        assert differ <= (norms if kind == "norm" else {one.activation.op_kind for one in (pair.a, pair.b)})
    four = Counter(op.kind for op in block_graph(PLAIN, SHAPES[0], 4).ops)
    assert four == Counter({kind: 4 * count for kind, count in kinds[PLAIN].items()})


def test_a_run_that_was_cut_off_goes_on(tmp_path: Path, clock: Clock) -> None:
    path, shown, fake = tmp_path / "j.contrasts.jsonl", list[str](), Fake(clock)
    assert loop(open_journal(path, HEAD), fake, 1e-9, shown) == 1, (
        "what is begun is finished, and nothing more begun"
    )
    with path.open("a", encoding="utf-8") as file:
        file.write('{"size": 4, "wid')
    journal = open_journal(path, HEAD)
    assert waiting_visits(read_visits(journal), SHAPES, 1) == ((0, SHAPES[1]), (1, SHAPES[0]))
    assert loop(journal, fake, 1e6, shown) == 2
    assert loop(journal, fake, 1e6, shown) == 0
    assert fake.opened == 3 * len(VARIANTS) * len(COPIES)
    assert len(shown) == 3


def test_a_visit_without_the_core_is_made_once_more_and_then_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def timed(sessions: Mapping[tuple[int, str], Session], seconds: float) -> dict[tuple[int, str], Timing]:
        asked.append(seconds)
        return {key: Timing((1.0,), (2.0,) * 100, (0,)) for key in sessions}

    monkeypatch.setattr(contrast_run, "time_sessions", timed)
    journal = open_journal(tmp_path / "j.contrasts.jsonl", HEAD)
    assert loop(journal, Fake(Clock()), 1e6, []) == 3
    assert len(asked) == 6
    visits = read_visits(journal)
    assert all(not visit.seen and "the core" in visit.failed["fake"] for visit in visits)
    assert block_contrasts(visits, "fake") == ()


def test_visits_come_back_as_they_were(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j.contrasts.jsonl", HEAD)
    visit = Visit(
        SHAPES[0], 1, 0.25, {"fake": (Chain(PLAIN, 4, (0, 0, 2), (1.5, 1.25, 2.0)),)}, {"other": "no"}
    )
    append_visit(journal, visit)
    assert read_visits(journal) == (visit,)
    assert block_contrasts((visit,), "fake") == (), "a network alone tells nothing"
    assert block_contrasts((visit,), "other") == ()


@pytest.mark.parametrize(
    "line",
    [
        "no json\n",
        '{"size": 4}\n',
        '{"size": 4, "width": 8, "visit": 0, "load": 0, "failed": {}, "seen": {"fake": [{"activation": "tanh", '
        '"norm": "batch", "copies": 1, "turns": [0], "ms": [1]}]}}\n',
        '{"size": 4, "width": 8, "visit": 0, "load": 0, "failed": {}, "seen": {"fake": [{"activation": "relu", '
        '"norm": "batch", "copies": 1, "turns": [0], "ms": [1, 2]}]}}\n',
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "j.contrasts.jsonl"
    open_journal(path, HEAD)
    with path.open("a", encoding="utf-8") as file:
        file.write(line)
    with pytest.raises(FileFormatError, match="line 2"):
        read_visits(open_journal(path, HEAD))


def test_impossible_chains_are_refused() -> None:
    good = Chain(PLAIN, 1, (0,), (1.0,))
    for broken in ({"ms": ()}, {"ms": (-1.0,)}, {"turns": (-1,)}, {"copies": 0}, {"ms": (float("nan"),)}):
        with pytest.raises(InvalidValueError, match="time it again"):
            replace(good, **broken)  # type: ignore[arg-type]
