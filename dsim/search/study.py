"""One bounded search: Optuna chooses mixes, arrays sweep what each mix may hold, the best feasible design is chosen."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dsim.arch import PRESETS, Arch
from dsim.errors import InvalidValueError, NothingFitsError
from dsim.progress import working
from dsim.rounding import RELATIVE, finite
from dsim.search.across import Across, best_design, improved
from dsim.search.candidate import Candidate, Certainty
from dsim.search.compared import Compared, compare
from dsim.search.explore import is_small
from dsim.search.grid import Grid
from dsim.search.missed import MOST_DRAWN, PART, Alike, Missed, families, rarer_than
from dsim.search.mix import Mix
from dsim.search.near import Near
from dsim.search.record import Finished, NoRecord, Record, Swept
from dsim.search.result import Cost
from dsim.search.score import Marks, Scorer, Scores, allowed, pareto
from dsim.search.shared import SharedRecord
from dsim.search.smallest import no_design
from dsim.search.spec import StudySpec
from dsim.search.sweep import sweep_mixes
from dsim.search.table import Floats
from dsim.search.trials import GUIDED, Trials
from dsim.search.workers import Asked, sweep_together
from dsim.threads import one_blas_thread

Progress = Callable[
    [int, int, float | None], None
]  # mixes done, mixes in all, best top-1 (pessimistic) so far


AT_ONCE = 8  # mixes that are swept side by side


@dataclass(frozen=True)
class Found:
    """What the search itself found, before published networks and notes are added."""

    chosen: Candidate | None
    front: tuple[Candidate, ...]
    fastest: Candidate
    cost: Cost
    certainty: tuple[Certainty, ...] = ()
    alike: Alike | None = None
    missed: Missed | None = None
    contenders: Floats | None = None  # summaries (K, S) of the best designs of the best mixes, the best first


@one_blas_thread()
def search_mixes(
    spec: StudySpec,
    scorer: Scorer,
    fingerprint: str,
    record: Record | SharedRecord | str | None = None,
    progress: Progress | None = None,
    sampler: str = GUIDED,
    chances: Sequence[float] = (),
    within: str = "",
) -> Found:
    """Run or continue the search of a study.

    Parameters
    ----------
    spec
        Its space must hold only choices that the device's evidence can price.
    scorer
        The models, the budget and the confidence.
    fingerprint
        Of the inputs; a storage refuses another one.
    record
        Where finished mixes are kept; `SharedRecord`, or the URL of its storage, shares the work with others that have it too.
        None for memory.
    progress
        Called after each mix.
    sampler
        `GUIDED` or a key of `dsim.search.trials.SAMPLERS`.
    chances
        Of fitting the budget, for each of which the best design is found too (see `dsim.search.certainty`).
    within
        Device and budget in words, for whoever watches; empty for those of ``spec``.

    Raises
    ------
    InvalidValueError
        The storage holds other inputs under this name, or the space holds no design at all.
    KeyboardInterrupt
        The user stopped before anything was found.
    """
    start = time.monotonic()
    space, table, presets = spec.space, scorer.table, seed_presets(spec)
    if isinstance(record, str):
        record = SharedRecord(record, spec.name, fingerprint, spec.inputs())
    shared = record if isinstance(record, SharedRecord) else None
    trials = Trials(
        space,
        seed_mixes(spec),
        spec.seed,
        spec.trials,
        NoRecord() if record is None or isinstance(record, SharedRecord) else record,
        sampler,
        Near(space, scorer),
        lambda mix: not Grid(space, mix, table).is_empty,
    )
    capped = interrupted = False
    best: float | None = None

    def sweep(asked: Sequence[Asked]) -> list[tuple[Finished, str]]:
        return sweep_mixes([(one.mix, one.starts) for one in asked], scorer, spec, presets)

    def is_late() -> bool:
        return spec.time_s is not None and time.monotonic() - start >= spec.time_s

    try:
        with working(
            f"searching designs for {within or f'{spec.device} within {spec.budget_ms:g} ms'} at {spec.image_text} px",
            total=spec.trials,
            unit="combinations of blocks",
        ) as work:

            def told(finished: Finished) -> None:
                nonlocal best
                top1 = finished.top1_low
                if finished.over_ms <= RELATIVE * spec.budget_ms and (best is None or top1 > best):
                    best = top1
                work.step(len(trials.done), _said(best, "rank" if spec.task else "top-1"))
                if progress:
                    progress(len(trials.done), spec.trials, best)

            if shared:
                capped = sweep_together(trials, shared, spec.trials, sweep, is_late, told)
            while not shared and len(trials.done) < spec.trials:
                if is_late():
                    capped = True
                    break
                mixes = trials.ask(min(AT_ONCE, spec.trials - len(trials.done)))
                if not mixes:
                    break
                fresh = [(mix, trials.starts(mix)) for mix in mixes if trials.kept(mix) is None]
                for (mix, _), (swept, _) in zip(
                    fresh, sweep_mixes(fresh, scorer, spec, presets), strict=True
                ):
                    trials.keep(mix, swept)
                for mix in mixes:
                    if finished := trials.kept(mix):
                        trials.tell(mix, finished.swept, finished.top1_low, finished.over_ms)
                        told(finished)
    except KeyboardInterrupt:
        interrupted = True
        if not trials.done:
            raise
    finally:
        if shared:
            shared.close()
    ended = _improve(
        spec, scorer, _Ended(trials, (), Across(space, scorer), capped, interrupted, start), presets
    )
    found = _conclude(spec, scorer, ended, presets, chances)
    if shared and (seconds := shared.seconds()) is not None:  # of all workers, so that all say the same
        found = replace(found, cost=replace(found.cost, seconds=seconds))
    return found


def _said(best: float | None, figure: str) -> str:
    return "nothing fits yet" if best is None else f"best {figure} at least {best:.1f} %"


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


@dataclass(frozen=True)
class _Ended:
    """A search whose mixes are swept, with what sweeps from better designs kept, and the second at which it began."""

    trials: Trials
    better: tuple[tuple[Mix, Swept], ...]
    across: Across
    capped: bool
    interrupted: bool
    start: float

    @property
    def every(self) -> list[tuple[Mix, Swept]]:
        """All sweeps."""
        return [*self.trials.done, *self.better]


def _improve(spec: StudySpec, scorer: Scorer, ended: _Ended, presets: Mapping[str, Arch]) -> _Ended:
    """Improve the best design across all mixes, unless the search was stopped before, or has scored every design."""
    if ended.capped or ended.interrupted or (ended.trials.ended and is_small(spec.space)):
        return ended
    try:
        better = improved(spec, scorer, ended.trials.done, presets, ended.across)
    except KeyboardInterrupt:
        return replace(ended, interrupted=True)
    return replace(ended, better=tuple(better))


def _conclude(
    spec: StudySpec, scorer: Scorer, ended: _Ended, presets: dict[str, Arch], chances: Sequence[float]
) -> Found:
    """Compare the kept points of all mixes and the presets, and choose."""
    trials, every = ended.trials, ended.every
    if not every and not presets:
        raise InvalidValueError(
            f"a search needs the time for at least one combination of blocks, got {spec.time_s} s; give it more --time"
        )
    compared = compare(spec, scorer, every, presets, chances)
    archs, joined, marks = compared.archs, compared.rows, compared.marks
    grids, proved = compared.grids, compared.proved

    def candidates(which: Sequence[int]) -> list[Candidate]:
        if not which:  # no budget is enough for any design
            return []
        own = joined[list(which)]
        scores = scorer.score(own)
        return [
            _candidate(archs[at][0], archs[at][1](), scorer, own[n : n + 1], scores.take(np.array([n])))
            for n, at in enumerate(which)
        ]

    def best_of(own: Scorer, marks: Marks) -> Candidate | None:
        best = int(own.order(marks)[0])
        return candidates([best])[0] if bool(own.feasible(marks)[best]) else None

    some = np.flatnonzero(allowed(marks))
    if not len(some) and scorer.table.ceiling is not None:
        columns = scorer.table.cut(joined).amounts
        assert columns is not None
        raise NothingFitsError(no_design(scorer.table.ceiling, columns, marks.in_region))
    usable = some if len(some) else np.arange(len(marks))
    front = candidates([int(usable[i]) for i in pareto(marks.take(usable))])
    fastest = candidates([int(usable[scorer.fastest(marks.take(usable))])])[0]
    certainty = []
    for chance in chances:
        own = replace(scorer, chance=chance)
        certainty.append(Certainty(chance, best_of(own, own.with_needs(marks, joined))))
    # a preset that lies on a swept grid was scored there
    extra = sum(all(grid.locate(arch) is None for grid in grids) for arch in presets.values())
    chosen = best_of(scorer, marks)
    alike = _alike(spec, scorer, ended, compared, chosen) if chosen else None
    repeats = sum(swept.repeats for _, swept in every)
    designs = sum(swept.designs for _, swept in every) + extra + ended.across.scored
    seconds = time.monotonic() - ended.start
    cost = Cost(seconds, designs, len(trials.done), repeats, ended.capped, ended.interrupted)
    found = Found(chosen, tuple(front), fastest, cost, tuple(certainty))
    if chosen is None:
        return found
    firsts = compared.firsts
    tops = np.where(scorer.feasible(marks.take(firsts)), marks.top1_low[firsts], -np.inf)
    best = np.argsort(-tops, kind="stable")[:MOST_DRAWN]
    summaries = scorer.table.cut(joined[firsts[best[np.isfinite(tops[best])]]]).summary
    return replace(
        found,
        alike=alike,
        missed=Missed(
            len(trials.even),
            0.0 if trials.ended else rarer_than(len(trials.even)),
            regret_at_most=max(proved.top1_low - chosen.top1_low, 0.0) if proved else None,
        ),
        contenders=summaries if len(summaries) > 1 else None,
    )


def _alike(
    spec: StudySpec, scorer: Scorer, ended: _Ended, compared: Compared, chosen: Candidate
) -> Alike | None:
    """Say which designs no evidence tells from the chosen one: of all mixes where all were swept, else around the best design."""
    within = PART * (chosen.top1_high - chosen.top1_low)
    least = chosen.top1_low - within
    best = best_design(spec.space, scorer, ended.every)
    if ended.capped or ended.interrupted or ended.trials.ended or best is None:
        marks = compared.marks.take(compared.firsts)
        near = np.flatnonzero(scorer.feasible(marks) & (marks.top1_low >= least)).tolist()
        designs = [(ended.every[at][0], tuple(ended.every[at][1].points[0])) for at in near]
    else:
        designs = list(ended.across.as_good(*best, least))
    mixes = {mix for mix, _ in designs}
    valued = [(mix, Grid(spec.space, mix, scorer.table).values(point)) for mix, point in designs]
    return Alike(within, len(mixes), families(spec.space, valued)) if designs else None


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
