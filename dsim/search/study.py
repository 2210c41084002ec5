"""One bounded search: Optuna chooses mixes, arrays sweep what each mix may hold, the best feasible design is chosen."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from dsim.arch import PRESETS, Arch
from dsim.progress import working
from dsim.rounding import RELATIVE, finite, steps
from dsim.search.candidate import Candidate
from dsim.search.certainty import swept_again
from dsim.search.explore import explore
from dsim.search.grid import Grid
from dsim.search.mix import Mix
from dsim.search.result import Certainty, Cost
from dsim.search.score import POINTS, Scorer, Scores, pareto
from dsim.search.spec import StudySpec
from dsim.search.table import Floats
from dsim.search.trials import Swept, Trials
from dsim.threads import one_blas_thread

Progress = Callable[
    [int, int, float | None], None
]  # mixes done, mixes in all, best top-1 (pessimistic) so far


MOST_OVER = 1000.0  # budgets by which a mix misses one at most: for some designs none is enough


@dataclass(frozen=True)
class Found:
    """What the search itself found, before published networks and notes are added."""

    chosen: Candidate | None
    front: tuple[Candidate, ...]
    fastest: Candidate
    cost: Cost
    certainty: tuple[Certainty, ...] = ()


@one_blas_thread()
def search_mixes(
    spec: StudySpec,
    scorer: Scorer,
    fingerprint: str,
    storage: str | None = None,
    progress: Progress | None = None,
    sampler: str = "tpe",
    chances: Sequence[float] = (),
) -> Found:
    """Run or continue the search of a study.

    Parameters
    ----------
    spec
        Its space must hold only choices that the device's evidence can price.
    scorer
        The models, the budget and the confidence.
    fingerprint
        Of the inputs; the storage refuses another one.
    storage
        URL of the Optuna storage, or None for memory.
    progress
        Called after each mix.
    sampler
        A key of `dsim.search.trials.SAMPLERS`.
    chances
        Of fitting the budget, for each of which the best design is found too (see `dsim.search.certainty`).

    Raises
    ------
    InvalidValueError
        The storage holds other inputs under this name, or the space holds no design at all.
    KeyboardInterrupt
        The user stopped before anything was found.
    """
    start = time.monotonic()
    trials = Trials(
        spec.space, seed_mixes(spec), spec.seed, storage, spec.name, fingerprint, sampler, spec.inputs()
    )
    presets = seed_presets(spec)
    capped = interrupted = False
    best = max((top1 for top1 in _best_so_far(trials, spec, scorer)), default=None)
    try:
        with working(
            f"searching designs for {spec.device}", total=spec.trials, unit="combinations of blocks"
        ) as work:
            while len(trials.done) < spec.trials:
                if spec.time_s is not None and time.monotonic() - start >= spec.time_s:
                    capped = True
                    break
                asked = trials.ask()
                if asked is None:
                    break
                trial, mix = asked
                grid = Grid(spec.space, mix, scorer.table)
                if grid.is_empty:
                    trials.reject(trial, mix)
                    continue
                # one stream per mix: what a mix gives does not depend on when it is swept
                starts = [point for arch in presets.values() if (point := grid.locate(arch)) is not None]
                found = explore(grid, scorer, spec.seed, starts)
                top1, over = float(found.best.top1_low[0]), _over(found.best, spec.budget_ms)
                swept = Swept(found.points.tolist(), found.fastest.tolist(), found.designs)
                trials.tell(trial, mix, swept, _digits(top1, POINTS), _digits(over, spec.budget_ms))
                if over <= RELATIVE * spec.budget_ms and (best is None or top1 > best):
                    best = top1
                work.step(len(trials.done), _said(best, "rank" if spec.task else "top-1"))
                if progress:
                    progress(len(trials.done), spec.trials, best)
    except KeyboardInterrupt:
        interrupted = True
        if not trials.done:
            raise
    return _conclude(spec, scorer, trials, presets, start, capped, interrupted, chances)


def _said(best: float | None, figure: str) -> str:
    return "nothing fits yet" if best is None else f"best {figure} at least {best:.1f} %"


def _over(best: Scores, budget_ms: float) -> float:
    """Return by how many milliseconds the best design of a mix misses the budget, for the sampler to sort mixes by."""
    over = min(float(best.needs_ms[0]) - budget_ms, MOST_OVER * budget_ms)
    # a design outside the accuracy model's region cannot be chosen, however fast it is
    return over if best.in_region[0] else max(over, budget_ms)


def _digits(value: float, scale: float) -> float:
    """Round a value to the digits that mean something: the sampler sorts mixes by it, and ties must stay ties."""
    return float(steps(np.array(value), scale)) * RELATIVE * scale


def _best_so_far(trials: Trials, spec: StudySpec, scorer: Scorer) -> list[float]:
    """Return the pessimistic top-1 of the feasible designs that a continued study starts from."""
    out = []
    for mix, swept in trials.done:
        grid = Grid(spec.space, mix, scorer.table)
        scores = scorer.score(grid.rows(np.array(swept.points[:1])))
        out += scores.top1_low[scorer.feasible(scores)].tolist()
    return out


def seed_presets(spec: StudySpec) -> dict[str, Arch]:
    """Return the published designs whose every choice is in the search space."""
    space = spec.space
    fits = {}
    for name, arch in PRESETS.items():
        blocks = [block for stage in arch.stages for block in stage.blocks]
        plain = all(
            {block.mixer for block in stage.blocks if not block.mixer.is_attention} <= set(row)
            for stage, row in zip(arch.stages, space.mixers, strict=True)
        )
        attention = {block.mixer for block in blocks if block.mixer.is_attention} <= set(space.attentions)
        norms = {block.norm for block in blocks if not block.mixer.is_attention} <= set(space.norms)
        activations = {block.activation for block in blocks} <= set(space.activations)
        if plain and attention and norms and activations and arch.stem in space.stems:
            fits[name] = replace(arch, resolution=space.resolution)
    return fits


def seed_mixes(spec: StudySpec) -> list[Mix]:
    """Return the mixes of the published designs, as near as the space has them; the search begins with these."""
    space = spec.space
    mixes = []
    for arch in seed_presets(spec).values():
        attentions = [b.mixer for stage in arch.stages for b in stage.blocks if b.mixer.is_attention]
        mixers = tuple(
            stage.blocks[0].mixer if not stage.blocks[0].mixer.is_attention else row[0]
            for stage, row in zip(arch.stages, space.mixers, strict=True)
        )
        counts = [
            _nearest(stage.attention_blocks, row)
            for stage, row in zip(arch.stages[2:], space.attention_blocks, strict=True)
        ]
        mix = Mix(
            arch.stem,
            mixers,
            attentions[0] if attentions else space.attentions[0],
            (counts[0], counts[1]),
            arch.stages[0].blocks[0].activation,
            arch.stages[0].blocks[0].norm,
        )
        mixes.append(mix.canonical(space))
    return list(dict.fromkeys(mixes))


def _conclude(
    spec: StudySpec,
    scorer: Scorer,
    trials: Trials,
    presets: dict[str, Arch],
    start: float,
    capped: bool,
    interrupted: bool,
    chances: Sequence[float],
) -> Found:
    """Compare the kept points of all mixes and the presets, and choose."""
    archs: list[tuple[str, Callable[[], Arch]]] = []
    rows: list[Floats] = []
    grids = [Grid(spec.space, mix, scorer.table) for mix, _ in trials.done]
    for grid, (_, swept) in zip(grids, trials.done, strict=True):
        points = np.array([*swept.points, swept.fastest])
        rows.append(grid.rows(points))
        archs += [("", partial(grid.arch, point)) for point in points.tolist()]
    again = swept_again(grids, [swept for _, swept in trials.done], rows, scorer, chances, spec.seed)
    for grid, point in again:
        rows.append(grid.rows(np.array([point])))
        archs.append(("", partial(grid.arch, point)))
    for name, arch in presets.items():
        rows.append(scorer.table.whole(arch)[None])
        archs.append((name, partial(replace, arch)))
    joined = np.concatenate(rows)
    scores = scorer.score(joined)

    def candidate(index: int) -> Candidate:
        name, make = archs[index]
        return _candidate(name, make(), scorer, joined[index : index + 1], scores.take(np.array([index])))

    def best_of(own: Scorer, scores: Scores) -> Candidate | None:
        best = int(own.order(scores)[0])
        return candidate(best) if bool(own.feasible(scores)[best]) else None

    allowed = np.flatnonzero(scores.in_region)
    usable = allowed if len(allowed) else np.arange(len(scores))
    front = [candidate(int(usable[i])) for i in pareto(scores.take(usable))]
    fastest = candidate(int(usable[scorer.fastest(scores.take(usable))]))
    certainty = []
    for chance in chances:
        own = replace(scorer, chance=chance)
        certainty.append(Certainty(chance, best_of(own, own.score(joined))))
    # a preset that lies on a swept grid was scored there
    extra = sum(all(grid.locate(arch) is None for grid in grids) for arch in presets.values())
    designs = sum(swept.designs for _, swept in trials.done) + extra
    repeats = sum(swept.repeats for _, swept in trials.done)
    cost = Cost(time.monotonic() - start, designs, len(trials.done), repeats, capped, interrupted)
    return Found(best_of(scorer, scores), tuple(front), fastest, cost, tuple(certainty))


def _nearest(count: int, row: Sequence[int]) -> int:
    return min(row, key=lambda option: abs(option - count))


def judge(arch: Arch, scorer: Scorer, name: str = "") -> Candidate:
    """Score one design, wherever it comes from."""
    row = scorer.table.whole(arch)[None]
    return _candidate(name, arch, scorer, row, scorer.score(row))


def _candidate(name: str, arch: Arch, scorer: Scorer, row: Floats, score: Scores) -> Candidate:
    arch = scorer.table.deployed(arch)
    graphs = [piece.graph for piece in scorer.table.priced(arch)]
    return Candidate(
        arch,
        float(score.latency_ms[0]),
        float(score.low_ms[0]),
        float(score.high_ms[0]),
        float(scorer.p_fits(row)[0]),
        float(score.top1[0]),
        float(score.top1_low[0]),
        float(score.top1_high[0]),
        sum(graph.params for graph in graphs),
        sum(graph.macs for graph in graphs),
        name,
        finite(float(score.needs_ms[0])),
    )
