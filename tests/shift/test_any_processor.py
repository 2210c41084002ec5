"""A comparison says the same where every figure is off by a part in a million million: verdicts, choices and digits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dsim.arch import Activation, Mixer, Norm, Stem, get_preset
from dsim.latency.identify import decide
from dsim.latency.records import Identified
from dsim.report.shift import span
from dsim.search import Space
from dsim.search.spec import StudySpec
from dsim.search.study import search_mixes
from dsim.shift.draws import Draws, choose
from dsim.shift.flips import flip_designs, flips_between, refit_choices
from dsim.shift.parts import Parts
from dsim.shift.records import Interval, Verdict
from dsim.shift.regret import cell_of, shrunk_designs
from dsim.shift.robust import find_robust, robust_record
from dsim.shift.side import Side
from dsim.shift.stack import Pair, Shift
from dsim.shift.verdict import verdict_of
from dsim.shift.what_if import what_if, what_if_designs
from tests.search.fakes import Latency
from tests.shift.devices import Priced, draws_of, side

SPACE = Space(
    stems=(Stem.TWO_CONVS,),
    mixers=((Mixer.POOLING,),) * 4,
    attentions=(Mixer.ATTENTION,),
    attention_blocks=((0,), (1, 0)),
    activations=(Activation.GELU, Activation.RELU),  # free on made devices: designs tie
    norms=(Norm.BATCH,),
    widths=((32, 48), (64, 96), (128, 160), (256, 320)),
    depths=((1, 2), (1, 2), (2, 3), (2, 3)),
    mlp_ratios=((4.0,), (4.0,), (3.0, 4.0), (4.0,)),
)
PRICES = {"cheap": (0.5, 4e-3, 0.0), "dear": (0.5, 4e-3, 0.15)}
BUDGET_MS = 1.0
PAIR = Pair("cheap", "dear", Shift.HARDWARE, ())


class Shaken(Priced):
    """Another processor: every figure is off by up to a part in a million million, each time anew."""

    def __init__(self, prices: tuple[float, ...], seed: int) -> None:
        super().__init__(prices)
        self._random = np.random.default_rng(seed)

    def price(self, phi: np.ndarray, confidence: float = 0.9, chance: float | None = None) -> Latency:
        found = super().price(phi, confidence, chance)
        off = [1 + 1e-12 * self._random.uniform(-1, 1, len(phi)) for _ in range(4)]
        return Latency(
            found.latency_ms * off[0], found.low_ms * off[1], found.high_ms * off[2], found.needs_ms * off[3]
        )


def sides_of(seed: int | None) -> tuple[Side, Side]:
    if seed is None:
        return tuple(side(name, prices, BUDGET_MS, SPACE) for name, prices in PRICES.items())  # type: ignore[return-value]
    out = []
    for name, prices in PRICES.items():
        made = side(name, prices, BUDGET_MS, SPACE, trials=1)
        scorer = replace(made.scorer, latency=Shaken(prices, seed))
        found = search_mixes(StudySpec(name, BUDGET_MS, trials=40, space=SPACE, name="t"), scorer, "made")
        out.append(replace(made, scorer=scorer, best=found.chosen, front=found.front))
    return out[0], out[1]


def draws_for(sides: tuple[Side, Side], seed: int | None) -> tuple[Draws, list[object]]:
    pool = [c.arch for one in sides for c in one.front]
    shrunk = [arch for arch in shrunk_designs(sides).values() if arch is not None]
    asked = [*what_if_designs(get_preset("efficientformer_l1")), *pool, *shrunk, *flip_designs(sides)]
    draws = draws_of(sides, asked, paces=(0.9, 1.0, 1.0, 1.2), noise=0.5)
    if seed is not None:
        off = 1 + 1e-12 * np.random.default_rng(seed).uniform(-1, 1, draws.top1_draws.shape)
        draws = replace(draws, top1=draws.top1 * off[0], top1_draws=draws.top1_draws * off)
    return draws, pool  # type: ignore[return-value]


def told(seed: int | None) -> list[object]:
    """Everything that a comparison says, as it is printed."""
    sides = sides_of(seed)
    draws, pool = draws_for(sides, seed)
    out: list[object] = []
    shrunk = shrunk_designs(sides)
    for of in sides:
        for on in sides:
            pair = PAIR if of is not on else Pair(of.device, of.device, Shift.SAME, ())
            cell = cell_of(of, on, pair, shrunk[of.device, on.device], draws)
            out += [cell.verdict, cell.refits_over, f"{cell.over_budget_ms:+.3g}", span(cell.slower_ms, 3)]
            out += [span(cell.top1_lost, 2), cell.shrunk and cell.shrunk.arch]
    low = np.full(len(draws.panel), 70.0)
    refits = refit_choices(*sides, draws, pool, low)  # type: ignore[arg-type]
    values = [(Parts.of(one.best.arch).values()) for one in sides if one.best]
    for flip in flips_between(*sides, PAIR, draws, [(values[0], values[1])], refits):
        out += [flip.choice, flip.before, flip.after, flip.verdict, flip.seeds, flip.refits]
        out += [span(x, 3) for x in (flip.ms_a, flip.ms_b, flip.top1, flip.apart)]
    table = what_if("l1", get_preset("efficientformer_l1"), sides, draws)
    for row in table.rows:
        out += [row.kind, row.after, span(row.top1, 2)]
        out += [(on.verdict, span(on.ms, 3), on.ms and f"{on.ms.value:+.3g}") for on in row.on]
    found = find_robust(sides, pool)  # type: ignore[arg-type]
    assert found is not None
    robust = robust_record(found, sides, draws)
    out += [robust.candidate.arch, robust.fits_everywhere, f"{robust.worst_points:.3g}"]
    out.append([f"{on.over_budget_ms:+.3g}" for on in robust.on])
    return out


def test_a_comparison_says_the_same_on_other_processors() -> None:
    wanted = told(None)
    for seed in range(3):
        assert told(seed) == wanted


@pytest.mark.parametrize("tie", [0.0, 2.2e-16, -2.2e-16, 3e-13])
def test_a_tie_is_no_difference_however_narrow_its_interval(tie: float) -> None:
    assert verdict_of(Interval(tie, tie, tie), 1.0) is Verdict.NO_EVIDENCE
    assert verdict_of(Interval(tie, tie, tie), 1.0, floor=0.03) is Verdict.NO_EVIDENCE


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_what_is_small_and_certain_is_a_difference(sign: float) -> None:
    ends = sorted((sign * 0.9e-6, sign * 1.1e-6))
    change = Interval(sign * 1e-6, *ends)
    assert verdict_of(change, 1.0) is Verdict.DIFFERENCE
    assert verdict_of(change, 1.0, floor=0.03) is Verdict.TOO_SMALL
    # the same milliseconds are nothing beside a design that takes hours
    assert verdict_of(change, 1e7) is Verdict.NO_EVIDENCE


@pytest.mark.parametrize("tie", [0.0, 4e-16, -4e-16])
def test_a_price_that_is_nothing_has_no_certain_sign(tie: float) -> None:
    found = decide("activation:gelu>relu", np.full(20, 1.0), np.full(20, 1.0 + tie), 1.0)
    assert (found.identified, found.why.partition(":")[0]) == (True, "no difference beyond the noise floor")
    said = Identified("norm:batch>group", tie, tie, tie, True, "", priced_ms=0.01, floor_ms=0.06)
    assert not said.contradicted  # both say that it costs nothing


def test_a_choice_among_designs_that_tie_is_the_first() -> None:
    sides = sides_of(None)
    draws, _ = draws_for(sides, None)
    on, rows = draws.on["cheap"], list(range(6))
    flat = np.full(len(draws.panel), 80.0)
    for seed in range(5):
        shaken = flat * (1 + 1e-13 * np.random.default_rng(seed).uniform(-1, 1, len(flat)))
        assert choose(on, rows, shaken, 1e9, 0) == 0
