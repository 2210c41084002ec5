"""The matrix against what can be worked out by hand, on made devices with known prices."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from dsim.arch import Activation, Mixer, Norm, Stem, get_preset
from dsim.graph import Graph
from dsim.latency.records import Basis, KernelCost
from dsim.op import OpKind
from dsim.search import Space
from dsim.search.exact import exact_optimum
from dsim.shift.flips import flip_designs, flips_between, same_way
from dsim.shift.parts import Parts, swaps_between
from dsim.shift.records import Verdict
from dsim.shift.regret import cell_of, shrunk_designs
from dsim.shift.robust import find_robust
from dsim.shift.shrink import fits, shrink
from dsim.shift.side import Side
from dsim.shift.stack import Pair, Shift
from dsim.shift.swaps import Swap, with_activation
from dsim.shift.what_if import what_if, what_if_designs
from tests.shift.devices import Verdict as Told
from tests.shift.devices import draws_of, side

SPACE = Space(
    stems=(Stem.TWO_CONVS,),
    mixers=((Mixer.POOLING,), (Mixer.POOLING,), (Mixer.POOLING,), (Mixer.POOLING,)),
    attentions=(Mixer.ATTENTION,),
    attention_blocks=((0,), (1, 0, 2)),
    activations=(Activation.GELU,),
    norms=(Norm.BATCH,),
    widths=((32, 48), (64, 96), (128, 160, 224), (256, 320, 448)),
    depths=((1, 2), (1, 2), (3, 4, 6), (3, 4)),
    mlp_ratios=((4.0,), (4.0,), (3.0, 4.0), (4.0,)),
)
BLOCK_MS = 0.15  # of an attention block on the dear device; on the cheap one it costs nothing beside its MACs
CHEAP, DEAR = (0.5, 4e-3, 0.0), (0.5, 4e-3, BLOCK_MS)
APART = Pair("cheap", "dear", Shift.HARDWARE, ())
SHARED = Pair("cheap", "dear", Shift.HARDWARE, (), "one pool")


@pytest.fixture(scope="module")
def sides() -> tuple[Side, Side]:
    return side("cheap", CHEAP, 1.0, SPACE), side("dear", DEAR, 1.0, SPACE)


def test_a_device_against_itself_has_no_regret_at_all() -> None:
    one = side("cheap", CHEAP, 1.0, SPACE, spread=0.2)
    itself = Pair("cheap", "cheap", Shift.SAME, ())
    draws = draws_of([one], [one.best.arch], paces=(0.8, 1.0, 1.3), noise=2.0)
    shrunk = shrunk_designs((one,))
    cell = cell_of(one, one, itself, shrunk["cheap", "cheap"], draws)
    assert cell.verdict is Verdict.ITSELF
    assert cell.top1_lost is not None
    for interval in (cell.top1_lost, cell.slower_ms):
        assert (interval.value, interval.low, interval.high) == (0.0, 0.0, 0.0)


def test_the_matrix_is_what_arithmetic_says(sides: tuple[Side, Side]) -> None:
    cheap, dear = sides
    # both devices' own best are the true optima of a space that can be listed
    for one in sides:
        best = exact_optimum(SPACE, one.scorer).arch
        assert one.best is not None
        assert one.best.arch == best
    design = cheap.best.arch
    assert design.stages[3].attention_blocks == 2  # attention is free there, and worth something
    shrunk = shrunk_designs(sides)["cheap", "dear"]
    assert shrunk is not None
    draws = draws_of(sides, [design, dear.best.arch, shrunk])
    cell = cell_of(cheap, dear, APART, shrunk, draws)
    # two attention blocks cost more; the upper end is 10% above
    plain = cheap.best.latency_ms
    assert cell.over_budget_ms == pytest.approx(1.1 * (plain + 2 * BLOCK_MS) - 1.0)
    assert cell.slower_ms.value == pytest.approx(plain + 2 * BLOCK_MS - dear.best.latency_ms)
    # by brute force: the best of everything no larger with the same choices
    inside = replace(
        SPACE,
        attention_blocks=((0,), (2,)),
        widths=tuple(
            tuple(w for w in row if w <= s.width) for row, s in zip(SPACE.widths, design.stages, strict=True)
        ),
        depths=tuple(
            tuple(d for d in row if d <= s.depth) for row, s in zip(SPACE.depths, design.stages, strict=True)
        ),
        mlp_ratios=tuple(
            tuple(r for r in row if r <= s.blocks[0].mlp_ratio)
            for row, s in zip(SPACE.mlp_ratios, design.stages, strict=True)
        ),
    )
    by_force = exact_optimum(inside, dear.scorer)
    assert cell.shrunk is not None
    assert cell.shrunk.top1_low == pytest.approx(by_force.top1_low)
    assert cell.top1_lost is not None
    assert cell.top1_lost.value == pytest.approx(dear.best.top1 - cell.shrunk.top1)
    assert cell.top1_lost.value >= 0
    assert cell.verdict is Verdict.DIFFERENCE  # nothing was noisy here
    assert cell_of(cheap, dear, SHARED, shrunk, draws).verdict is Verdict.SHARED


def test_noise_that_both_sides_share_cancels_and_noise_that_they_do_not_makes_no_evidence(
    sides: tuple[Side, Side],
) -> None:
    cheap, dear = sides
    shrunk = shrunk_designs(sides)["cheap", "dear"]
    archs = [cheap.best.arch, dear.best.arch, shrunk]
    same = draws_of(sides, archs, noise=5.0)
    lost = cell_of(cheap, dear, APART, shrunk, same).top1_lost
    assert lost.high - lost.low < 1e-9
    loud = [replace(one, spread=1.0) for one in sides]
    draws = draws_of(loud, archs, paces=(1.0,) * 20)
    assert cell_of(loud[0], loud[1], APART, shrunk, draws).verdict is Verdict.NO_EVIDENCE


def test_a_rank_moves_along_the_front_and_never_beyond_its_ends(sides: tuple[Side, Side]) -> None:
    own, other = sides[1].best.arch, shrunk_designs(sides)["cheap", "dear"]
    draws = draws_of(sides, [own, other], paces=(1.0,))
    count, x, y = draws.count, draws.panel.index(own), draws.panel.index(other)
    ranks, log = np.empty((count, 2)), np.zeros((count, 2))
    ranks[:, x], ranks[:, y] = 90.0, 80.0
    log[:3, x] = 0.5, -5.0, 5.0  # how much slower the own design is than it was thought to be
    there = replace(draws.on["dear"], log=log)
    draws = replace(draws, top1=ranks[0], top1_draws=ranks, on={**draws.on, "dear": there}, ranks=True)
    value, lost = draws.top1_lost("dear", own, other, 1.0)
    assert value == pytest.approx(10.0)
    # 90% of a normal lie below 1.28155 deviations; below 0.78155 lie 78.276%
    assert lost[:4] == pytest.approx([78.276 - 80.0, 20.0, -80.0 + 0.01, 10.0], abs=0.02)


def test_refits_say_how_often_a_design_is_over_the_budget(sides: tuple[Side, Side]) -> None:
    cheap, dear = sides
    draws = draws_of(sides, [cheap.best.arch, dear.best.arch], paces=(0.1, 0.2, 1.0, 5.0))
    cell = cell_of(cheap, dear, APART, dear.best.arch, draws)
    assert cell.refits_over == 2  # at a tenth and a fifth of the price it fits


def test_shrinking_leaves_what_fits_and_gives_up_where_nothing_does(sides: tuple[Side, Side]) -> None:
    cheap, _ = sides
    assert shrink(cheap.best.arch, SPACE, cheap.scorer) == cheap.best.arch
    assert shrink(cheap.best.arch, SPACE, replace(cheap.scorer, budget_ms=1e-3)) is None
    tight = replace(cheap.scorer, budget_ms=1.0)
    small = shrink(get_preset("efficientformer_l3"), SPACE, tight)
    assert small is not None
    assert fits(small, tight)
    before, after = Parts.of(get_preset("efficientformer_l3")), Parts.of(small)
    assert after.mix == before.mix
    assert np.all(np.array(after.widths) <= before.widths)
    assert np.all(np.array(after.depths) <= before.depths)


def test_flips_are_priced_by_hand_and_counted(sides: tuple[Side, Side]) -> None:
    cheap, dear = sides
    draws = draws_of(sides, [*flip_designs(sides), dear.best.arch])
    a, b = Parts.of(cheap.best.arch).values(), Parts.of(dear.best.arch).values()
    flips = {f.choice: f for f in flips_between(cheap, dear, APART, draws, [(a, b), (a, a)], [(b, a)])}
    assert set(flips) == {name for name in a if name in b and a[name] != b[name]}
    flip = flips["attention blocks 4"]
    gone = int(flip.before) - int(flip.after)
    assert gone > 0
    assert flip.ms_b.value - flip.ms_a.value == pytest.approx(-BLOCK_MS * gone)
    assert flip.apart.value == pytest.approx(-100.0 * BLOCK_MS * gone)  # percent of a budget of 1 ms
    assert flip.verdict is Verdict.DIFFERENCE
    assert (flip.seeds, flip.of_seeds, flip.refits, flip.of_refits) == (1, 2, 0, 1)
    shared = flips_between(cheap, dear, SHARED, draws, [], [])
    assert {f.verdict for f in shared} <= {Verdict.SHARED, Verdict.IMPOSSIBLE}


@pytest.mark.parametrize("blind", [0, 1])
def test_what_is_not_identified_is_never_a_flip(sides: tuple[Side, Side], blind: int) -> None:
    cheap, dear = sides
    relu = Parts.of(dear.best.arch)
    relu = replace(relu, mix=replace(relu.mix, activation=Activation.RELU))
    other = replace(dear, best=replace(dear.best, arch=relu.arch()))
    pair = [cheap, other]
    seen = flips_between(*pair, APART, draws_of(pair, flip_designs(pair)), [], [])
    assert next(f for f in seen if f.choice == "activation").ms_a is not None
    for verdicts in ({}, {"activation:gelu>relu": Told(False)}):
        pair[blind] = replace(pair[blind], identified=verdicts)
        found = flips_between(*pair, APART, draws_of(pair, flip_designs(pair)), [], [])
        flip = next(f for f in found if f.choice == "activation")
        assert flip.verdict is Verdict.NOT_IDENTIFIED
        assert flip.ms_a is flip.ms_b is flip.apart is None


def test_a_cell_that_rests_on_what_is_not_identified_says_so(sides: tuple[Side, Side]) -> None:
    cheap, dear = sides
    relu = Parts.of(cheap.best.arch)
    design = replace(relu, mix=replace(relu.mix, activation=Activation.RELU)).arch()
    of = replace(cheap, best=replace(cheap.best, arch=design))
    on = replace(dear, identified={})
    draws = draws_of((of, on), [design, on.best.arch])
    cell = cell_of(of, on, APART, design, draws)
    assert cell.verdict is Verdict.NOT_IDENTIFIED
    assert (
        "activation relu against gelu" in cell.not_identified
        or "activation gelu against relu" in cell.not_identified
    )


def test_what_if_prices_single_changes_and_refuses_what_is_not_identified(sides: tuple[Side, Side]) -> None:
    design = get_preset("efficientformer_l1")
    draws = draws_of(sides, what_if_designs(design))
    found = what_if("l1", design, [sides[0], replace(sides[1], identified={})], draws)
    rows = {(row.kind, row.after): row for row in found.rows}
    relu = rows["activation", "relu"]
    assert [on.verdict for on in relu.on] == [Verdict.NO_EVIDENCE, Verdict.NOT_IDENTIFIED]
    assert relu.on[0].ms.value == 0.0  # activations are free on made devices
    more = rows["attention blocks 4", "2"]
    assert more.on[1].ms.value - more.on[0].ms.value == pytest.approx(BLOCK_MS)
    assert all(on.verdict is Verdict.NOT_IDENTIFIED for on in rows["norm", "group"].on)
    assert {kind for kind, _ in rows} >= {"activation", "norm", "mixer", "stem", "attention"}


def test_a_design_of_unknown_accuracy_has_prices_alone(sides: tuple[Side, Side]) -> None:
    design = get_preset("efficientformer_l1")
    designs = what_if_designs(design)
    draws = draws_of(sides, designs)
    changed = draws.panel.index(with_activation(design, Activation.RELU))
    found = what_if("l1", design, sides, replace(draws, unknown=frozenset({changed})))
    by = {(row.kind, row.after): row for row in found.rows}
    assert by["activation", "relu"].top1 is None
    assert by["activation", "relu"].on[0].ms is not None
    assert by["stem", "conv7"].top1 is not None
    assert found.top1 is not None
    # of an unknown design no change is known either
    unknown = what_if("l1", design, sides, replace(draws, unknown=frozenset({draws.panel.index(design)})))
    assert unknown.top1 is None
    assert {row.top1 for row in unknown.rows} == {None}


def test_the_robust_design_is_the_best_that_holds_every_budget(sides: tuple[Side, Side]) -> None:
    pool = [c.arch for one in sides for c in one.front]
    found = find_robust(sides, pool)
    assert found is not None
    arch, everywhere, worst, count = found
    assert count == len(set(pool))
    low = {}
    for candidate in set(pool):
        scores = [one.scorer.score(one.scorer.table.whole(candidate)[None]) for one in sides]
        if all(s.needs_ms[0] <= 1.0 and s.in_region[0] for s in scores):
            low[candidate] = float(scores[0].top1_low[0])
    assert everywhere
    assert low[arch] == max(low.values())
    assert worst == pytest.approx(max(one.best.top1_low for one in sides) - low[arch])
    tight = [replace(one, scorer=replace(one.scorer, budget_ms=1e-3)) for one in sides]
    assert find_robust(tight, pool)[1] is False


def test_changes_lead_from_one_design_to_the_other() -> None:
    a, b = (Parts.of(get_preset(name)) for name in ("efficientformer_l1", "efficientformer_l3"))
    found = swaps_between(a, b)
    assert {c.kind for c in found} == {name for name in a.values() if a.values()[name] != b.values()[name]}
    for change in found:
        after = Parts.of(change.arch).values()
        assert after[change.kind] == change.after
        assert {k for k in after if after[k] != a.values()[k]} == {change.kind}
    assert swaps_between(a, a) == ()


def test_sizes_come_back_by_direction_and_choices_by_value() -> None:
    wider = Swap("width 3", "160", "224", None)
    assert same_way(wider, {"width 3": "128"}, {"width 3": "320"})
    assert not same_way(wider, {"width 3": "320"}, {"width 3": "128"})
    mixer = Swap("mixer 1", "pooling", "conv3", None)
    assert not same_way(mixer, {"mixer 1": "pooling"}, {"mixer 1": "conv5"})
    assert not same_way(mixer, {}, {"mixer 1": "conv3"})


def test_what_two_designs_hold_alike_need_not_be_measured() -> None:
    def estimate(graph: Graph, confidence: float) -> SimpleNamespace:
        kernels = tuple(
            KernelCost("", str(op.kind), 1.0, evidence(op.kind), op.macs, op.params, op.elements_written)
            for op in graph.ops
        )
        return SimpleNamespace(kernels=kernels, shares={})

    def evidence(kind: OpKind) -> Basis:
        return Basis.UNSUPPORTED if kind is OpKind.SOFTMAX else Basis.MEASURED

    one = replace(side("a", (1.0, 0.0, 0.0), 1.0, SPACE), estimate=estimate)
    l1 = get_preset("efficientformer_l1")
    assert one.unmeasured(l1, replace(l1, stem=Stem.PATCHIFY, stem_activation=None)) == ""
    plain = replace(l1, stages=tuple(replace(s, blocks=s.blocks[:1]) for s in l1.stages))
    assert one.unmeasured(l1, plain) == one.unmeasured(plain, l1) == "never measured here: softmax"
