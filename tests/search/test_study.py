"""The search finds the true optimum, repeats itself exactly, and goes on where it was stopped."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from dsim.arch import Arch, Mixer, Norm, Stem, get_preset
from dsim.errors import FileAccessError, InvalidValueError
from dsim.report.progress import shown
from dsim.rounding import limit
from dsim.search.conclude import Found
from dsim.search.exact import exact_optimum
from dsim.search.mix import Mix, all_mixes
from dsim.search.record import FileRecord
from dsim.search.score import Scorer
from dsim.search.space import Space
from dsim.search.spec import StudySpec
from dsim.search.study import search_mixes, seed_presets
from dsim.search.table import CostTable
from dsim.search.trials import GUIDED
from tests.search.fakes import FakeAccuracy, FakeLatency
from tests.thorough import cases

BUDGET_MS = 1.2
SMALL = Space(
    stems=(Stem.TWO_CONVS, Stem.CONV7),
    mixers=((Mixer.POOLING,), (Mixer.POOLING,), (Mixer.POOLING, Mixer.CONV3), (Mixer.POOLING, Mixer.FFN)),
    attentions=(Mixer.ATTENTION, Mixer.ATTENTION_V2),
    attention_blocks=((0,), (1, 0, 2)),
    activations=Space().activations[:1],
    norms=(Norm.BATCH,),
    widths=((32, 48), (64, 96), (128, 160, 224), (256, 320, 448)),
    depths=((1, 2, 3), (1, 2), (3, 4, 6), (3, 4)),
    mlp_ratios=((2.0, 4.0), (4.0,), (3.0, 4.0), (4.0,)),
)


def scorer(budget_ms: float = BUDGET_MS) -> Scorer:
    latency, accuracy = FakeLatency(), FakeAccuracy()
    return Scorer(latency, accuracy, CostTable(latency, accuracy), budget_ms, 0.9)


def spec(trials: int = 12, **changes: object) -> StudySpec:
    settings = {
        "device": "fake",
        "budget_ms": BUDGET_MS,
        "trials": trials,
        "space": SMALL,
        "name": "test",
    } | changes
    return StudySpec(**settings)


def test_whoever_watches_hears_for_which_budget_and_size_designs_are_searched() -> None:
    stream = io.StringIO()
    other = replace(SMALL, resolution=256)
    with shown(stream):
        for asked in (spec(1), spec(1, space=other), spec(1, budget_ms=2.0), spec(1, backbone="512x640")):
            search_mixes(asked, scorer(asked.budget_ms), "mark")
        search_mixes(spec(1), scorer(), "mark", within="one within 1 ms and two within 2 ms")
    said = [
        line.partition(" px")[0] for line in stream.getvalue().splitlines() if line.startswith("Searching")
    ]
    assert said == [
        "Searching designs for fake within 1.2 ms at 224",
        "Searching designs for fake within 1.2 ms at 256",
        "Searching designs for fake within 2 ms at 224",
        "Searching designs for fake within 1.2 ms at 512x640",
        "Searching designs for one within 1 ms and two within 2 ms at 224",
    ]


def test_the_chance_of_a_design_to_leave_the_accelerator_is_the_latency_models() -> None:
    l1 = get_preset("efficientformer_l1")  # its last stage attends
    plain = replace(l1, stages=(*l1.stages[:3], replace(l1.stages[3], blocks=l1.stages[3].blocks[:1])))
    assert [scorer().p_cliff(arch) for arch in (l1, plain)] == [0.04, 0.01]


def same(a: Found, b: Found) -> None:
    assert a.chosen == b.chosen
    assert a.front == b.front
    assert a.fastest == b.fastest
    assert (a.cost.designs, a.cost.mixes, a.cost.repeats) == (b.cost.designs, b.cost.mixes, b.cost.repeats)


def brute_force(space: Space) -> tuple[float, int]:
    """Walk every design one by one: plain loops over the space, rows added up piece by piece."""
    latency, accuracy = FakeLatency(), FakeAccuracy()
    rows: dict[object, tuple[np.ndarray, np.ndarray]] = {}
    phis, summaries = [], []
    seen = set()

    def walk(mix: Mix) -> None:
        for widths in itertools.product(*space.widths):
            for depths in itertools.product(*space.depths):
                if any(depth < mix.attention_in(stage) for stage, depth in enumerate(depths)):
                    continue
                for ratios in itertools.product(*space.mlp_ratios):
                    arch = mix.arch(widths, depths, ratios)
                    if arch in seen:
                        continue
                    seen.add(arch)
                    phi, summary = np.zeros(3), np.zeros(5)
                    for piece in arch.pieces():
                        if piece.key not in rows:
                            rows[piece.key] = latency.featurise(piece.graph), accuracy.summarise(piece.graph)
                        phi += rows[piece.key][0]
                        summary += rows[piece.key][1]
                    phis.append(phi)
                    summaries.append(summary)

    for mix in all_mixes(space):
        walk(mix)
    phi, summary = np.array(phis), np.array(summaries)
    fits = (latency.p_fits(phi, BUDGET_MS) >= 0.9) & accuracy.in_region(summary)
    return float(accuracy.predict(summary).low[fits].max()), len(seen)


def test_finds_the_true_optimum_of_the_whole_space() -> None:
    space = SMALL.fixed(
        stems=(Stem.TWO_CONVS,),
        widths=(
            (32, 48),
            (64, 96),
            *cases(((128, 224), (256, 320)), ((128, 160, 224), (256, 320, 384, 448))),
        ),
        depths=((2,), (1, 2), (3, 4, 6), (3, 4)),
        mlp_ratios=(cases((4.0,), (3.0, 4.0)), (4.0,), (3.0, 4.0), (4.0,)),
        attention_blocks=((0, 1), (1, 0, 2)),
    )
    best, designs = brute_force(space)
    assert designs >= cases(16_000, 100_000)
    exact = exact_optimum(space, scorer())
    assert exact.designs == designs
    assert exact.top1_low == pytest.approx(best, rel=1e-12)
    found = search_mixes(spec(trials=500, space=space), scorer(), "a")
    assert found.chosen is not None
    assert found.chosen.top1_low == pytest.approx(best, rel=1e-12)
    assert designs <= found.cost.designs <= designs + 3  # each design once; the presets come on top


def test_climbs_to_the_true_optimum_where_a_mix_is_too_large_to_sweep() -> None:
    space = SMALL.fixed(
        widths=((32, 40, 48), (64, 96), (128, 160, 192, 224), (256, 320, 384, 448)),
        depths=((2, 3), (1, 2), (3, 4, 6), (3, 4)),
        mlp_ratios=((3.0, 4.0), (2.0, 4.0), (3.0, 4.0), (4.0,)),
        attention_blocks=((0, 1), (1, 0, 2)),
    )
    exact = exact_optimum(space, scorer())
    found = search_mixes(spec(trials=500, space=space), scorer(), "a")
    assert found.chosen is not None
    assert found.chosen.top1_low == pytest.approx(exact.top1_low, rel=1e-12)
    assert found.cost.designs < exact.designs / 5


def test_same_seed_same_answer() -> None:
    same(search_mixes(spec(), scorer(), "a"), search_mixes(spec(), scorer(), "a"))


BIG = spec(trials=14, space=Space(activations=SMALL.activations, norms=SMALL.norms))


@cache
def uninterrupted(sampler: str) -> Found:
    return search_mixes(BIG, scorer(), "a", sampler=sampler)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Found]:
    """Return what a study in a storage finds, uninterrupted."""
    folder = tmp_path_factory.mktemp("shared")
    return cache(
        lambda sampler: search_mixes(BIG, scorer(), "a", f"journal://{folder / sampler}", sampler=sampler)
    )


@pytest.mark.parametrize(
    "sampler", [GUIDED, *(pytest.param(name, marks=pytest.mark.slow) for name in ("tpe", "nsga2", "random"))]
)
@pytest.mark.parametrize("stop_after", cases([11], [1, 5, 11]))
def test_interrupted_and_resumed_equals_uninterrupted(
    tmp_path: Path, shared: Callable[[str], Found], sampler: str, stop_after: int
) -> None:
    url = f"sqlite:///{tmp_path / 'study.db'}"

    def stop(done: int, total: int, best: float | None) -> None:
        if done == stop_after:
            raise KeyboardInterrupt

    part = search_mixes(BIG, scorer(), "a", url, stop, sampler)
    assert part.cost.interrupted
    assert part.cost.mixes == stop_after
    same(search_mixes(BIG, scorer(), "a", url, sampler=sampler), shared(sampler))


@pytest.mark.parametrize("torn", [False, True])
def test_a_killed_study_goes_on_from_the_lines_of_its_record(tmp_path: Path, torn: bool) -> None:
    path = tmp_path / "trials.jsonl"

    def go_on() -> Found:
        return search_mixes(BIG, scorer(), "a", FileRecord(path, BIG.name, "a", BIG.inputs()))

    whole = go_on()
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) == 1 + BIG.trials  # the inputs, and one line a mix
    path.write_bytes(b"".join(lines[:6]) + (lines[6][:40] if torn else b""))
    same(go_on(), whole)
    same(whole, uninterrupted(GUIDED))
    assert sorted(path.read_bytes().splitlines()) == sorted(line.rstrip() for line in lines)


def test_other_inputs_under_the_same_name_are_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'study.db'}"
    search_mixes(spec(trials=1), scorer(), "a", url)
    with pytest.raises(InvalidValueError, match="another --name"):
        search_mixes(spec(trials=1), scorer(), "b", url)


def test_storage_that_cannot_be_opened_is_one_clear_line() -> None:
    with pytest.raises(FileAccessError, match="cannot be opened"):
        search_mixes(spec(trials=1), scorer(), "a", "sqlite:////nowhere/at/all/study.db")


def test_nothing_fits_gives_the_fastest() -> None:
    found = search_mixes(spec(budget_ms=0.01), scorer(0.01), "a")
    assert found.chosen is None
    assert found.fastest.needs_ms == pytest.approx(min(c.needs_ms for c in found.front))
    assert found.fastest.needs_ms > 0.01


def test_chosen_is_feasible_and_on_the_front() -> None:
    found = search_mixes(spec(), scorer(), "a")
    assert found.chosen is not None
    assert found.chosen.needs_ms <= limit(BUDGET_MS)
    assert found.chosen.arch in {c.arch for c in found.front}
    for before, after in itertools.pairwise(found.front):
        assert before.needs_ms < after.needs_ms
        assert before.top1_low < after.top1_low


def test_time_cap_is_reported() -> None:
    found = search_mixes(spec(time_s=1e-6), scorer(), "a", progress=None)
    assert found.cost.capped
    assert found.cost.mixes == 0
    assert not found.cost.swept
    assert found.cost.designs > 0  # the presets


def test_time_that_ends_before_the_last_steps_is_reported(tmp_path: Path) -> None:
    url = f"journal://{tmp_path / 'log'}"
    whole = search_mixes(BIG, scorer(), "a", url)
    found = search_mixes(replace(BIG, time_s=1e-9), scorer(), "a", url)
    assert whole.cost.is_final
    assert (found.cost.capped, found.cost.swept, found.cost.mixes) == (True, True, BIG.trials)
    assert found.chosen is not None


def test_small_space_ends_by_itself_without_repeats_counted_as_mixes() -> None:
    found = search_mixes(spec(trials=10_000), scorer(), "a")
    mixes = list(all_mixes(SMALL))
    assert found.cost.mixes == len(mixes)
    assert found.cost.designs >= sum(1 for _ in mixes)


def test_presets_that_use_only_what_may_vary_are_candidates() -> None:
    assert set(seed_presets(spec())) == {"efficientformer_l1", "efficientformer_l3", "efficientformer_l7"}
    with_group_norm = spec(space=SMALL.fixed(norms=(Norm.BATCH, Norm.GROUP)))
    assert "poolformer_s12" in seed_presets(with_group_norm)
    alone = search_mixes(spec(time_s=1e-9), scorer(), "a")
    assert alone.cost.designs == 3
    assert {candidate.name for candidate in alone.front} <= set(seed_presets(spec()))


def test_arch_of_every_front_design_scores_as_reported() -> None:
    found = search_mixes(spec(), scorer(), "a")
    latency = FakeLatency()
    for candidate in found.front[:10]:
        graph = Arch.from_json(candidate.arch.to_json()).to_graph()
        assert candidate.latency_ms == pytest.approx(
            latency.price(latency.featurise(graph)[None]).latency_ms[0]
        )
        assert (candidate.params, candidate.macs) == (graph.params, graph.macs)
