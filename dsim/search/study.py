"""One bounded search: Optuna chooses mixes, arrays sweep what each mix may hold, the best feasible design is chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from dsim.arch import PRESETS, Arch
from dsim.progress import working
from dsim.rounding import RELATIVE
from dsim.search.across import Across, best_designs, improved
from dsim.search.clock import Clock
from dsim.search.conclude import Ended, Found, conclude
from dsim.search.explore import is_small
from dsim.search.grid import Grid
from dsim.search.mix import Mix
from dsim.search.near import Near
from dsim.search.record import Finished, NoRecord, Record
from dsim.search.score import Scorer
from dsim.search.shared import SharedRecord
from dsim.search.spec import StudySpec
from dsim.search.sweep import sweep_mixes
from dsim.search.trials import GUIDED, Trials
from dsim.search.workers import Asked, sweep_together
from dsim.threads import one_blas_thread

Progress = Callable[
    [int, int, float | None], None
]  # mixes done, mixes in all, best top-1 (pessimistic) so far


AT_ONCE = 8  # mixes that are swept side by side


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
    clock = Clock(spec.time_s)
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
    interrupted = False
    best: float | None = None

    def sweep(asked: Sequence[Asked]) -> list[tuple[Finished, str]]:
        return sweep_mixes([(one.mix, one.starts) for one in asked], scorer, spec, presets)

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
                sweep_together(trials, shared, spec.trials, sweep, clock, told)
            while not shared and len(trials.done) < spec.trials:
                mixes = trials.ask(min(AT_ONCE, spec.trials - len(trials.done)))
                if not mixes or clock.is_late():
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
    across, is_swept = Across(space, scorer, clock), not (interrupted or clock.cut)
    ended = Ended(trials, (), (), across, is_swept, interrupted, clock)
    ended = _improve(spec, scorer, ended, presets, chances)
    found = conclude(spec, scorer, ended, presets, chances)
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


def _improve(
    spec: StudySpec, scorer: Scorer, ended: Ended, presets: Mapping[str, Arch], chances: Sequence[float]
) -> Ended:
    """Improve the best design across all mixes, unless the search was stopped before, or has scored every design.

    At other chances of fitting the budget it is improved among designs of its kind.
    """
    if ended.cut or (ended.trials.ended and is_small(spec.space)):
        return ended
    try:
        better = improved(spec, scorer, ended.trials.done, presets, ended.across)
        best = best_designs(spec.space, scorer, [*ended.trials.done, *better], 1)
        met = [
            Across(spec.space, replace(scorer, chance=one)).best_of_kind(*best[0])
            for one in chances
            if best and one != scorer.confidence and not ended.clock.is_late()
        ]
    except KeyboardInterrupt:
        return replace(ended, interrupted=True)
    return replace(ended, better=tuple(better), met=tuple(met))


def _nearest(count: int, row: Sequence[int]) -> int:
    return min(row, key=lambda option: abs(option - count))
