"""Run a comparison from its inputs to its record: studies, draws, matrix, flips, what-ifs, the robust design."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from dsim.device import DeviceProfile, find_profile
from dsim.errors import InvalidValueError
from dsim.files import check_folder, make_folder
from dsim.latency import load_model
from dsim.latency.content import content_hash
from dsim.latency.learners import rests_on
from dsim.latency.siblings import Siblings, siblings
from dsim.normal import HALF_90
from dsim.progress import working
from dsim.search import StudyResult, StudySpec, run_study
from dsim.search.identified import keep_identified
from dsim.search.score import Scorer
from dsim.search.spec import fingerprint
from dsim.search.table import CostTable
from dsim.search.task import TaskSource
from dsim.shift.accuracy import Accuracy, accuracy_of, draws_with
from dsim.shift.budgets import budget_on, budget_rule
from dsim.shift.draws import DeviceDraws, Draws
from dsim.shift.enough import count_halvings, too_few
from dsim.shift.false_findings import Null
from dsim.shift.files import ranked, read_comparison, write_comparison
from dsim.shift.findings import findings_of
from dsim.shift.halved import halved_search
from dsim.shift.judge import designs_of, judge_all, pool_of_fronts
from dsim.shift.null import null_of
from dsim.shift.panel import Panel
from dsim.shift.processes import check_jobs, in_processes
from dsim.shift.records import Comparison, Halved
from dsim.shift.refits import common_draws, drawn_elsewhere, drawn_on
from dsim.shift.regret import shrunk_designs
from dsim.shift.side import Side
from dsim.shift.spec import ComparisonSpec, profiles_of
from dsim.shift.stack import pair_of
from dsim.threads import one_blas_thread

Progress = Callable[[str, int, int], None]  # what is done now, how many steps are over, how many in all
FORMAT = 7  # of what a comparison computes; raise it where results would change


@one_blas_thread()
def run_comparison(
    spec: ComparisonSpec,
    progress: Progress | None = None,
    keep: bool = True,
    source: TaskSource | None = None,
    jobs: int = 1,
) -> Comparison:
    """Run a comparison, or look up one that is finished; what did not change since the last run is not run again.

    Parameters
    ----------
    spec
        Its inputs.
    progress
        Called before each step.
    keep
        Write the record, and the studies and searches that it rests on, into ``spec.folder``.
    source
        What ranks designs on the user's own task, where ``spec.task`` names one.
    jobs
        Processes that work at a time, each on a device; the result is the same. They meet in ``spec.folder``, so that ``keep``
        is needed. Studies by a task's ranks are run by this process alone.

    Raises
    ------
    UnknownNameError
        There is no such device.
    InvalidValueError
        The devices cannot share a matrix.
    FileAccessError
        The folder cannot be written.
    KeyboardInterrupt
        The user stopped; what was finished is kept.
    """
    check_jobs(jobs, spec.time_s, keep)
    accuracy = accuracy_of(source, spec.recipe)
    return _Run(spec, progress or (lambda what, done, total: None), keep, accuracy, jobs).run()


class _Run:
    def __init__(
        self, spec: ComparisonSpec, progress: Progress, keep: bool, accuracy: Accuracy, jobs: int
    ) -> None:
        self._spec, self._keep, self._progress, self._accuracy, self._jobs = (
            spec,
            keep,
            progress,
            accuracy,
            jobs,
        )
        self._start = time.monotonic()
        self._notes: list[str] = [*(accuracy.source.notes if accuracy.source else ())]
        self._complete = True
        self._done, self._total = 0, len(spec.devices) * (1 + bool(spec.seeds) + spec.seeds + spec.refits) + 1

    def run(self) -> Comparison:
        spec = self._spec
        profiles = profiles_of(spec)
        if (spec.task is None) != (self._accuracy.source is None):
            raise InvalidValueError(
                "a comparison on a task needs the source of its ranks and no other does; give run_comparison the source whose "
                "task spec names"
            )
        if self._keep:
            check_folder(spec.folder)  # a place that cannot be written is told before the work, not after
        self._mark(profiles)
        mark = fingerprint({**spec.inputs(), "format": FORMAT}, self._marks)
        if self._keep and (known := read_comparison(spec.folder, mark)) is not None:
            return known
        if self._keep:
            make_folder(spec.folder)
        with working(f"comparing {len(profiles)} devices", total=self._total, unit="steps") as work:
            self._work = work
            if self._jobs > 1 and spec.task is None:
                self._ahead(profiles)
            return self._compare(profiles, mark)

    def _mark(self, profiles: tuple[DeviceProfile, ...]) -> None:
        known_by = self._accuracy.model.fingerprint
        self._marks = {
            p.name: hashlib.sha256((content_hash(rests_on(p)) + known_by).encode()).hexdigest()
            for p in profiles
        }

    def _ahead(self, profiles: tuple[DeviceProfile, ...]) -> None:
        """Have other processes do what rests on one device alone; this one then finds it done."""
        asked = [(replace(self._spec, out=self._spec.out.absolute()), p.name) for p in profiles]
        each = (
            1 + bool(self._spec.seeds) + self._spec.seeds
        )  # steps; they are soon gone through again, and found done
        for number, _ in enumerate(in_processes(self._jobs, work_on, asked), 1):
            self._work.step(
                number * each, f"{number} of {len(profiles)} devices searched, {self._jobs} at a time"
            )

    def alone(self, profile: DeviceProfile) -> None:
        """Do what rests on one device alone, and keep it."""
        self._mark((profile,))
        with working(f"searching {profile.name}", total=self._total, unit="steps") as work:
            self._work = work
            _, sides = self._sides((profile,))
            self._halved(sides)
            self._null(sides)

    def _compare(self, profiles: tuple[DeviceProfile, ...], mark: str) -> Comparison:
        spec = self._spec
        studies, sides = self._sides(profiles)
        halved = self._halved(sides)
        shrunk = shrunk_designs(sides)
        pool = pool_of_fronts(sides, shrunk.values())
        panel = Panel(designs_of(spec, sides, shrunk, pool))
        draws = self._draw(panel, sides)
        null = self._null(sides)
        pairs = tuple(pair_of(a, b) for i, a in enumerate(profiles) for b in profiles[i:])
        judged = judge_all(spec, sides, pairs, shrunk, pool, draws, halved)
        findings = tuple(
            findings_of(p, side, study, self._like_ms[p.name], self._spreads[p.name])
            for p, side, study in zip(profiles, sides, studies, strict=True)
        )
        fewest = min(len(on.refit_log) for on in draws.on.values())
        if why := too_few(fewest, count_halvings(halved)):
            self._notes.append(why)
        found = Comparison(
            mark,
            json.loads(json.dumps(spec.inputs(), sort_keys=True)),  # in one order, whoever asked
            spec.confidence,
            budget_rule(spec),
            findings,
            tuple(pair for pair in pairs if pair.a != pair.b),
            judged.cells,
            judged.flips,
            judged.what_if,
            judged.robust,
            halved,
            draws.count,
            fewest,
            tuple(self._notes),
            time.monotonic() - self._start,
            self._complete,
            null,
        )
        if spec.task:
            found = ranked(found, spec.task)
        if self._keep:
            write_comparison(spec, found)
        return found

    def _step(self, what: str) -> None:
        self._progress(what, self._done, self._total)
        self._work.step(self._done, what)
        self._done += 1

    def _left(self) -> float | None:
        """Return the seconds left, or None where the time is not limited."""
        if self._spec.time_s is None:
            return None
        return self._spec.time_s - (time.monotonic() - self._start)

    @property
    def _late(self) -> bool:
        left = self._left()
        return left is not None and left <= 0

    def _capped(self, note: str) -> None:
        self._complete = False
        self._notes.append(f"the time cap cut off {note}; run it again without --time for the whole")

    def _sides(self, profiles: tuple[DeviceProfile, ...]) -> tuple[list[StudyResult], tuple[Side, ...]]:
        studies, sides = [], []
        self._spreads: dict[str, Siblings] = {}
        self._like_ms: dict[str, float] = {}
        for number, profile in enumerate(profiles):
            self._step(f"{profile.name}: its model and its own study")
            model = load_model(profile.name)
            self._spreads[profile.name] = found = siblings(profile.name)
            ms, budget = budget_on(self._spec, profile.name, model)
            self._like_ms[profile.name] = ms
            study = self._study(profile.name, budget, len(profiles) - number)
            space, _ = keep_identified(self._spec.space, model.identified)
            classes = self._spec.task.classes if self._spec.task else None
            table = CostTable(model, self._accuracy.model, classes)
            scorer = Scorer(model, self._accuracy.model, table, budget, self._spec.confidence)
            spread = found.spread
            if spread is None:
                wide = model.price(model.featurise(self._spec.like.to_graph())[None], 0.9)
                spread = float(np.log(wide.high_ms[0] / wide.low_ms[0])) / 2.0 / HALF_90
                self._notes.append(
                    f"{profile.name}: too few networks of one family to say how designs err against each other; "
                    "the error of whole networks stands in"
                )
            sides.append(
                Side(
                    profile.name,
                    scorer,
                    space,
                    model.identified,
                    study.chosen,
                    study.front,
                    spread,
                    model.estimate,
                    self._spec.task is not None,
                )
            )
            studies.append(study)
        return studies, tuple(sides)

    def _study(self, device: str, budget_ms: float, devices_left: int) -> StudyResult:
        spec, left = self._spec, self._left()
        cap = None if left is None else max(0.4 * left / devices_left, 1.0)
        asked = StudySpec(
            device,
            budget_ms,
            spec.confidence,
            spec.trials,
            cap,
            spec.seed,
            spec.space,
            name="unnamed",
            out=spec.folder / "devices",
            task=spec.task,
            recipe=spec.recipe,
        )
        # named by what it rests on: another budget or new evidence makes another study, and leaves this one
        mark = fingerprint(asked.inputs(), {"all": self._marks[device]})[:12]
        asked = replace(asked, name=f"{device[:80]}-{mark}")
        study = run_study(asked, keep=self._keep, source=self._accuracy.source)
        if study.cost.interrupted:
            raise KeyboardInterrupt
        if study.cost.capped:
            self._capped(f"the study of {device} {study.cost.came_to(spec.trials)}")
        return study

    def _halved(self, sides: tuple[Side, ...]) -> tuple[Halved, ...]:
        spec = self._spec
        out: list[Halved] = []
        folder = spec.folder / "halves" if self._keep else None
        for split in range(spec.seeds):
            for side in sides:
                self._step(f"{side.device}: search on half of the evidence, {split + 1} of {spec.seeds}")
                if self._late:
                    self._capped("searches on halves of the evidence")
                    return tuple(out)
                budget, mark, accuracy = side.scorer.budget_ms, self._marks[side.device], self._accuracy
                asked = (spec, side.device, side.space, budget, split, accuracy, side.scorer.table)
                out.append(halved_search(*asked, mark, folder))
        return tuple(out)

    def _null(self, sides: tuple[Side, ...]) -> tuple[Null, ...]:
        spec, out = self._spec, []
        folder = spec.folder / "halves" if self._keep else None
        each = (time.monotonic() - self._start) / len(sides)  # against itself a device takes less
        for side in sides if spec.seeds else ():
            self._step(f"{side.device}: compared with itself")
            if (left := self._left()) is not None and left < each:
                self._capped("devices compared with themselves")
                break
            out.append(null_of(spec, side, self._accuracy, self._marks[side.device], folder))
        return tuple(out)

    def _draw(self, panel: Panel, sides: tuple[Side, ...]) -> Draws:
        spec, names = self._spec, [side.device for side in sides]
        numbers = common_draws(spec.seed, spec.refits, names)
        if len(numbers) < spec.refits:
            self._notes.append(
                f"only {len(numbers)} of {spec.refits} refits leave every device enough families to learn from"
            )
        # under a time cap each device gets an equal part of what is left, and all get as many as the slowest
        if self._jobs > 1:
            self._step(f"refits of all devices, {self._jobs} at a time")
            asked = [(spec, panel.archs, side.device, side.spread, numbers) for side in sides]
            on = dict(zip(names, in_processes(self._jobs, drawn_elsewhere, asked), strict=True))
        else:
            on = {
                side.device: self._drawn(panel, side, numbers, len(sides) - k) for k, side in enumerate(sides)
            }
        fewest = min(len(found.refit_log) for found in on.values())
        if fewest < len(numbers):
            self._capped(f"refits after {fewest} of {len(numbers)}")
        self._step("accuracy")
        on = {name: found.first(fewest) for name, found in on.items()}
        draws, why = draws_with(self._accuracy, spec, panel, sides[0].scorer.table, on)
        if reason := why.get(panel.index(spec.asked[0])):
            self._notes.append(f"no change of {spec.asked[1]} has a rank, for {reason}")
        return draws

    def _drawn(self, panel: Panel, side: Side, numbers: list[int], devices_left: int) -> DeviceDraws:
        left = self._left()
        until = None if left is None else time.monotonic() + left / devices_left
        return drawn_on(self._spec, panel, side.device, side.spread, numbers, until, self._step)


def work_on(spec: ComparisonSpec, device: str) -> None:
    """Do in another process what rests on one device alone: its results lie in the comparison's folder, to be found there."""
    run = _Run(spec, lambda what, done, total: None, True, accuracy_of(None, spec.recipe), 1)
    run.alone(find_profile(device))
