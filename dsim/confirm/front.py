"""plan and confirm: what ``dsim confirm`` runs on the folder of a finished study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from scipy.stats import chi2, norm

from dsim.confirm.answer import Answer, restate
from dsim.confirm.belief import NOISE, Belief, believe
from dsim.confirm.pick import MOST, pick, risk_after
from dsim.confirm.times import paths_of, times_of
from dsim.device import find_profile
from dsim.device.profile import DeviceProfile
from dsim.errors import InvalidValueError
from dsim.latency import load_model
from dsim.latency.siblings import siblings
from dsim.search import StudyResult, load_study
from dsim.search.candidate import Candidate
from dsim.shift.side import thinned
from dsim.summaries import Summarised, Summary

POOL = 30  # designs that are chosen among again
NEAR = (0.6, 1.6)  # of the budget: others cannot become the answer
LEAST = 3
FAR = 3.0  # standard deviations of one time; of several together, what is as rare
STRANGE = (
    "the times are further from the predictions, or from each other, than their errors allow: check that device, unit, runtime and "
    "precision are those of {}. If they are, search again on a profile that is made of the times"
)


@dataclass(frozen=True)
class Step:
    """A design to time.

    Attributes
    ----------
    name
        What its file and its row are called.
    design
        The design with its figures.
    risk
        Points of top-1 that the choice is expected to lose once this and all before it are timed.
    """

    name: str
    design: Candidate
    risk: float


@dataclass(frozen=True, eq=False, repr=False)
class Plan(Summarised):
    """What to time for a study.

    Attributes
    ----------
    result, profile
        The study, and the device.
    steps
        The designs to time, the most telling first.
    risk
        Points of top-1 that are expected to be lost if the study's choice alone is timed, and the next best taken where it does not
        fit.
    """

    result: StudyResult
    profile: DeviceProfile
    steps: tuple[Step, ...]
    risk: float

    def summary(self) -> Summary:
        """Return what to time, and what the choice may lose without."""
        lost = ("without any", f"the choice loses {self.risk:.2f} points of top-1 on average")
        steps = ((step.name, _summed(step)) for step in self.steps)
        return Summary(f"What to time on {self.profile.name} for {self.result.spec.name}", (*steps, lost))

    def to_dict(self) -> dict[str, Any]:
        """Return what ``dsim confirm --json`` prints before anything was timed."""
        return {
            "study": self.result.spec.name,
            "device": self.profile.name,
            "budget_ms": self.result.spec.budget_ms,
            "risk": self.risk,
            "time_next": [_plain(step) for step in self.steps],
        }


@dataclass(frozen=True, eq=False, repr=False)
class Confirmed(Summarised):
    """The restated answer of a study.

    Attributes
    ----------
    result
        The study.
    answer
        What is chosen now.
    chosen
        The design that is chosen now; None where nothing fits.
    name
        What it is called in files and rows; empty where nothing fits.
    timed
        Milliseconds of each design that was timed, by name, beside what was predicted.
    steps
        What to time next; none where the answer is certain.
    notes
        Remarks in words.
    untimed
        The designs that the files name without a time.
    """

    result: StudyResult
    answer: Answer
    chosen: Candidate | None
    name: str
    timed: tuple[tuple[str, float, float], ...]
    steps: tuple[Step, ...]
    notes: tuple[str, ...]
    untimed: tuple[str, ...] = ()

    def summary(self) -> Summary:
        """Return the verdict, what is chosen, the times, and what to time next."""
        spec, answer = self.result.spec, self.answer
        rows = [
            ("chosen", self.name or "none"),
            ("fits", f"{spec.budget_ms:g} ms with a chance of {answer.p_fits:.0%}") if self.chosen else None,
            ("loses", f"{answer.risk:.2f} points of top-1 on average, against timing all designs"),
            *((name, f"timed {ms:.3g} ms, predicted {was:.3g} ms") for name, ms, was in self.timed),
            *((f"time {step.name}", _summed(step)) for step in self.steps),
            *(("note", note) for note in self.notes),
        ]
        title = f"{spec.name} on {spec.device}: {answer.verdict}"
        return Summary(title, tuple(row for row in rows if row is not None))

    def to_dict(self) -> dict[str, Any]:
        """Return what ``dsim confirm --results --json`` prints."""
        return {
            "study": self.result.spec.name,
            "device": self.result.spec.device,
            "budget_ms": self.result.spec.budget_ms,
            "verdict": str(self.answer.verdict),
            "chosen": self.name,
            "latency_ms": self.answer.ms,
            "p_fits": self.answer.p_fits,
            "risk": self.answer.risk,
            "timed": [{"design": n, "ms": ms, "predicted_ms": was} for n, ms, was in self.timed],
            "not_timed": list(self.untimed),
            "time_next": [_plain(step) for step in self.steps],
            "notes": list(self.notes),
        }


def plan(study: str | Path, most: int = MOST) -> Plan:
    """Return which designs of a study to time on the device, so that its choice loses least.

    Parameters
    ----------
    study
        Folder of a finished study.
    most
        At most so many designs, from 3 on.

    Raises
    ------
    InvalidValueError
        ``most`` is out of range, or the study has too few designs near its budget.
    DsimError
        The study cannot be read, or its device is not there.
    """
    if not LEAST <= most <= MOST:
        raise InvalidValueError(
            f"{LEAST} to {MOST} designs can be timed, got {most}; choose a number between"
        )
    result, profile, pool, belief = _opened(study)
    before, seed = _chosen_row(result, pool), result.spec.seed
    rows, risks = pick(belief, LEAST, most, seed)
    if before is not None and before not in rows:  # nothing confirms a choice that was not timed itself
        rows = (*rows[: most - 1], before)
        risks = (*risks[:most], risk_after(belief, list(rows), seed))
    return Plan(result, profile, _steps(pool, rows, risks), risks[0])


def confirm(study: str | Path, results: str | Path | Sequence[str | Path]) -> Confirmed:
    """Restate a study's answer, now that some of its designs were timed on the device.

    Parameters
    ----------
    study
        Folder of a finished study.
    results
        File or files with times, in any form that ``dsim device add`` reads; each design under the name that `plan` gave it. A row without a
        time is skipped.

    Raises
    ------
    FileFormatError
        A file cannot be read as times, or names a design that is none of the study's.
    DsimError
        The study cannot be read, or its device is not there.
    """
    paths = paths_of(results)
    result, profile, pool, belief = _opened(study)
    found, fell, untimed = times_of(paths, [name_of(one) for one in pool])
    before = _chosen_row(result, pool)
    logs = {row: float(np.log(median(ms))) for row, ms in found.items() if row not in fell}
    after = belief.after(logs, frozenset(fell))
    answer = restate(before, after, result.spec.seed)
    steps: tuple[Step, ...] = ()
    if answer.verdict.needs_more:
        rows, risks = pick(after, 1, LEAST, result.spec.seed)
        steps = _steps(pool, rows, risks)
    timed = tuple((name_of(pool[row]), median(ms), pool[row].latency_ms) for row, ms in sorted(found.items()))
    chosen = None if answer.chosen is None else pool[answer.chosen]
    notes = (STRANGE.format(profile.name),) if is_strange(belief, logs) else ()
    return Confirmed(result, answer, chosen, name_of(chosen) if chosen else "", timed, steps, notes, untimed)


def is_strange(belief: Belief, logs: Mapping[int, float]) -> bool:
    """Tell whether times are further from what was believed, each alone or one against another, than known errors go."""
    if not logs:
        return False
    rows = list(logs)
    off = np.array([logs[row] for row in rows]) - np.log(belief.ms[rows])
    covariance = belief.covariance[np.ix_(rows, rows)] + NOISE**2 * np.eye(len(rows))
    distance = float(off @ np.linalg.solve(covariance, off))
    return distance > float(chi2.isf(2 * norm.sf(FAR), len(rows)))


def name_of(design: Candidate) -> str:
    """Return what a design is called in files and rows."""
    return f"design-{design.arch.canonical_hash()[:8]}"


def _opened(study: str | Path) -> tuple[StudyResult, DeviceProfile, tuple[Candidate, ...], Belief]:
    result = load_study(Path(study))
    pool = pool_of(result)
    if len(pool) < LEAST:
        raise InvalidValueError(
            f"a study needs at least {LEAST} designs near its budget to be confirmed, got {len(pool)}; search with more --trials"
        )
    profile = find_profile(result.spec.device)
    return result, profile, pool, belief_of(result, profile, pool)


def belief_of(result: StudyResult, profile: DeviceProfile, pool: Sequence[Candidate]) -> Belief:
    """Return what is believed of some designs of a study before any is timed, by the profile of its device."""
    return believe(
        tuple(one.arch for one in pool),
        load_model(result.spec.device),
        siblings(profile.name).spread,
        np.array([one.top1 for one in pool]),
        np.array([one.top1_low for one in pool]),
        result.spec.budget_ms,
        result.spec.confidence,
    )


def _chosen_row(result: StudyResult, pool: Sequence[Candidate]) -> int | None:
    """Return where the study's choice stands in the pool; None where nothing fitted."""
    chosen = result.chosen
    return next((row for row, one in enumerate(pool) if chosen and one.arch == chosen.arch), None)


def pool_of(result: StudyResult) -> tuple[Candidate, ...]:
    """Return the designs that are chosen among again: the study's choice, its fastest, and its front near the budget."""
    low, high = (share * result.spec.budget_ms for share in NEAR)
    near = tuple(one for one in result.front if low <= one.latency_ms <= high)
    first = [one for one in (result.chosen, result.fastest) if one is not None]
    found = {one.arch: one for one in (*first, *thinned(near, POOL))}
    return tuple(found.values())


def _steps(pool: Sequence[Candidate], rows: Sequence[int], risks: Sequence[float]) -> tuple[Step, ...]:
    return tuple(Step(name_of(pool[row]), pool[row], risk) for row, risk in zip(rows, risks[1:], strict=True))


def _summed(step: Step) -> str:
    one = step.design
    return f"predicted {one.latency_ms:.3g} ms, top-1 {one.top1:.1f} %; {step.risk:.2f} points lost after it"


def _plain(step: Step) -> dict[str, Any]:
    one = step.design
    return {
        "design": step.name,
        "predicted_ms": one.latency_ms,
        "low_ms": one.low_ms,
        "high_ms": one.high_ms,
        "top1": one.top1,
        "risk_after": step.risk,
    }
