"""Run a study from its inputs to its files: models, what may be searched, the search, the result."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from dsim.accuracy.asked_recipe import ForDesigns, model_for
from dsim.device.find import find_profile, name_at_batch
from dsim.device.form_notes import form_notes
from dsim.device.profile import DeviceProfile
from dsim.device.rough import refuse_rough
from dsim.errors import InvalidValueError
from dsim.export.torch_export import write_torch
from dsim.files import can_write
from dsim.latency import load_model
from dsim.latency.content import content_hash
from dsim.latency.learners import rests_on
from dsim.limits import Limits, read_limits
from dsim.op import OpKind
from dsim.search.certainty import all_chances
from dsim.search.conclude import Found
from dsim.search.files import read_result, write_result
from dsim.search.identified import keep_identified
from dsim.search.judge import scorer_of
from dsim.search.kept import check_place, keep_study
from dsim.search.missed import Missed, worth_of_knowing
from dsim.search.notes import question_notes, study_notes
from dsim.search.published import published_near
from dsim.search.record import FILE as TRIALS
from dsim.search.record import FileRecord, Record
from dsim.search.result import StudyResult
from dsim.search.score import Scorer
from dsim.search.shared import SharedRecord
from dsim.search.shared_words import answer_words, question_words
from dsim.search.smallest import check_limits
from dsim.search.space import Space
from dsim.search.spec import CHANCE, DEFAULT_TRIALS, StudySpec, fingerprint
from dsim.search.study import Progress, search_mixes, seed_mixes
from dsim.search.tables import Tables
from dsim.search.task import MarkedPredictor, TaskSource, source_of, space_asked
from dsim.shelf.records import ShelfLimits, Shelved
from dsim.shelf.shortlist import of_profile
from dsim.units import milliseconds, seconds

DRAWS = 1000  # joint draws of top-1
MOST_ON_SHELF = 3  # published networks that a study shows beside its own design
OLD_DATABASE = "study.db"  # of a study that an older version began, which goes on with it


def run_study(
    spec: StudySpec,
    progress: Progress | None = None,
    keep: bool = True,
    source: TaskSource | None = None,
    shelf: bool = False,
    tables: Tables | None = None,
) -> StudyResult:
    """Run, continue or look up a study.

    A study that is finished returns its result at once; one that was interrupted or capped goes on.

    Parameters
    ----------
    spec
        Its inputs.
    progress
        Called after each mix with how many are done, how many there will be, and the best pessimistic top-1.
    keep
        Write ``study.toml``, ``chosen.json``, ``front.parquet`` and the trials into ``spec.folder``.
    source
        What ranks designs on the user's own task, where ``spec.task`` names one.
    shelf
        Name the best published networks that fit too; theirs is ImageNet's top-1, so that a study on a task has none, and neither
        has one that was interrupted.
    tables
        Of studies that share their work, see `Tables`.

    Raises
    ------
    UnknownNameError
        There is no such device.
    InvalidValueError
        The folder or storage holds a study of this name with other inputs.
    FileAccessError
        The folder cannot be written.
    """
    if spec.fits_by != CHANCE:
        raise InvalidValueError(
            f"a study runs by the chance that a design fits, got one that fits by {spec.fits_by}, of an older version; leave "
            "fits_by out, and give another --name"
        )
    profile = find_profile(spec.device)
    if keep:
        check_place(spec, lambda: read_result(spec))
    latency = load_model(spec.device)
    if (spec.task is None) != (source is None):
        raise InvalidValueError(
            "a study on a task needs the source of its ranks and no other does; give run_study the source whose task spec names"
        )
    accuracy = _accuracy(spec, source)
    scorer = scorer_of(spec, latency, accuracy, tables)
    table = scorer.table
    models = {"latency": content_hash(rests_on(profile)), "accuracy": accuracy.fingerprint}
    mark = fingerprint(spec.inputs(), models)
    space, dropped = keep_identified(spec.space, latency.identified)
    record: Record | SharedRecord | None = None

    def searched() -> Found:
        nonlocal record
        asked = replace(spec, space=space)
        check_limits(space, table, seed_mixes(asked))  # before anything is kept
        record = _record(spec, mark) if keep or spec.storage else None
        if isinstance(record, SharedRecord):
            record.say(question_words(spec))
        return search_mixes(asked, scorer, mark, record, progress, chances=all_chances(spec.confidence))

    def concluded(found: Found) -> StudyResult:
        shown = found.chosen or found.fastest
        result = StudyResult(
            spec,
            found.chosen,
            found.front,
            found.fastest,
            dropped,
            # theirs is ImageNet's top-1, and the time of a classifier
            () if source or spec.image else published_near(profile, shown.latency_ms),
            found.cost,
            None if found.chosen or math.isnan(found.fastest.needs_ms) else found.fastest.needs_ms,
            (
                *study_notes(spec, profile),
                *form_notes(profile, shown.arch.to_graph(), only=OpKind.GELU),
                *(() if spec.image else question_notes(latency, shown, spec.confidence)),
                *(source.notes if source else ()),
            ),
            certainty=found.certainty,
            # to price it the first time takes a while, and who pressed Ctrl-C wants an end
            shelf=()
            if source or spec.image or found.cost.interrupted or not shelf
            else _shelf(spec, profile),
            alike=found.alike,
            missed=_worth(found, accuracy, spec.seed),
        )
        if source:
            result = source.finish(result.ranked())
        result = _with_chance(result, scorer)
        result = replace(result, limits=table.limits_used((result.chosen or result.fastest).arch))
        if isinstance(record, SharedRecord) and found.cost.is_final:
            record.say(answer_words(result))
        return result

    if not keep:
        return concluded(searched())

    def read() -> StudyResult | None:
        known = read_result(spec)
        return known and _with_chance(known, scorer)

    return keep_study(spec, mark, models, searched, concluded, read, write_result)


def _accuracy(spec: StudySpec, source: TaskSource | None) -> MarkedPredictor:
    """Return what judges the accuracy of a study's designs."""
    return source.model if source else model_for(spec.recipe, spec.space.resolution)


def _worth(found: Found, accuracy: object, seed: int) -> Missed | None:
    """Return what the search may have missed, with what knowing each design's top-1 would be worth."""
    if found.missed is None or found.contenders is None or not isinstance(accuracy, ForDesigns):
        return found.missed
    count = len(found.contenders)
    draws = accuracy.draw(found.contenders, np.arange(count), DRAWS, seed)
    return replace(found.missed, worth=worth_of_knowing(draws), compared=count)


def _shelf(spec: StudySpec, profile: DeviceProfile) -> tuple[Shelved, ...]:
    """Return the most accurate published networks that fit the budget and the limits by the study's own rule."""
    limits = spec.limits
    asked = ShelfLimits(limits.params, limits.macs, limits.memory_bytes, limits.size_bytes)
    return of_profile(profile, spec.budget_ms, asked, spec.confidence, MOST_ON_SHELF).top(MOST_ON_SHELF)


def _record(spec: StudySpec, mark: str) -> Record | SharedRecord:
    """Return where finished mixes are kept: the storage that is asked for, else a file in the study's folder."""
    database = spec.folder / OLD_DATABASE
    url = spec.storage or (f"sqlite:///{database.resolve()}" if database.exists() else None)
    if url:
        return SharedRecord(url, spec.name, mark, spec.inputs())
    return FileRecord(spec.folder / TRIALS, spec.name, mark, spec.inputs())


def _with_chance(result: StudyResult, scorer: Scorer) -> StudyResult:
    """Return a result that says how likely its design leaves the accelerator; files of older versions do not."""
    shown = result.chosen or result.fastest
    return result if result.p_cliff is not None else replace(result, p_cliff=scorer.p_cliff(shown.arch))


def search(
    device: str,
    budget_ms: float | str,
    *,
    batch: int | None = None,
    confidence: float = 0.9,
    trials: int = DEFAULT_TRIALS,
    time_s: float | str | None = None,
    seed: int = 0,
    space: Space | str | Path | None = None,
    name: str = "",
    out: str | Path | None = None,
    storage: str | None = None,
    accuracy: TaskSource | str | Path | None = None,
    recipe: str = "",
    rough: bool = False,
    px: int | None = None,
    backbone: str = "",
    params: float | str | None = None,
    macs: float | str | None = None,
    memory: float | str | None = None,
    size: float | str | None = None,
    progress: Progress | None = None,
    tables: Tables | None = None,
) -> StudyResult:
    """Find a vision backbone for a device within a latency budget.

    Parameters
    ----------
    device
        Name of a device profile, e.g. ``"iphone12"``.
    budget_ms
        Hard latency budget of one run (of one image, or of ``batch``): a number of milliseconds, or a text with its unit
        such as ``"2ms"``.
    batch
        Images in a run, for a profile that was measured at several; its smallest by default.
    confidence
        Chance with which a new measurement must be within the budget, cliffs included; also the level of the intervals.
    trials
        How many mixes of blocks to sweep.
    time_s
        Cap on the wall clock: a number of seconds, or a text such as ``"60s"``.
    seed
        Seed of everything random: the same inputs give the same answer.
    space
        What may vary, or the path of its TOML file; `Space()` by default.
    name, out
        Name of the study, and the folder that holds studies: the study's own gets its inputs, the result, the front and
        the design as a PyTorch model, as ``dsim study`` writes them. Without ``out`` nothing is written.
    storage
        URL of an Optuna storage, for workers on several machines.
    accuracy
        A trained supernet's folder, to rank designs on the user's own task instead of by ImageNet top-1; or what
        `dsim.supernet.task_source` returns, which says how many designs are trained and tested in the end.
    recipe
        How designs would be trained for ImageNet, such as ``"epochs=100,teacher=none"``; what it leaves out is as in the
        reference recipe (300 epochs, distilled, the space's resolution).
    rough
        Search on a rough profile too; it is refused otherwise.
    px
        Height and width of the images of a classifier, in place of the space's.
    backbone
        Image of a detector or segmenter, such as ``"512x640"``: the four maps of that image are priced, without a head.
    params, macs, memory, size
        The most that a design may have of each, as hard as the budget: raw counts and bytes, or texts such as ``"10M"`` and
        ``"24MB"``. Memory is what activations take at once, size what weights take in a file; both in the device's numbers.
    progress
        Called after each mix.
    tables
        Of earlier searches at other budgets, for the work that they share; `dsim.search.search_budgets` gives them.

    Returns
    -------
    StudyResult
        ``chosen`` (or None where nothing fits), ``front``, ``not_identified``, ``published``, ``cost``.

    Raises
    ------
    DsimError
        The device is unknown, a value is out of range, or a file cannot be read or written.

    Examples
    --------
    >>> import dsim
    >>> found = dsim.search("iphone12", "2ms", trials=12)
    >>> found.chosen.needs_ms <= 2.0
    True
    >>> found.chosen.arch.resolution
    224
    >>> found.to_frame().columns[:4]
    ['arch', 'latency_ms', 'low_ms', 'high_ms']

    ``found.plot()`` draws the front, ``dsim.export(found.chosen.arch, "my_model")`` writes the design.
    """
    refuse_rough((name_at_batch(device, batch),), rough)
    source = source_of(accuracy)
    asked = space_asked(space, source)
    spec = StudySpec(
        name_at_batch(device, batch),
        milliseconds(budget_ms),
        confidence,
        trials,
        seconds(time_s),
        seed,
        asked.fixed(resolution=px) if px is not None else asked,
        name,
        Path(out) if out is not None else Path("studies"),
        storage,
        source.task if source else None,
        recipe,
        backbone=backbone,
        limits=Limits(**read_limits(params, macs, memory, size)),
    )
    result = run_study(spec, progress, out is not None, source, shelf=True, tables=tables)
    if (
        out is not None and result.chosen and can_write(spec.folder)
    ):  # else it was finished, and is shown again
        write_torch(result.chosen.arch, spec.folder / "model", notes=result.sentences())
    return result
