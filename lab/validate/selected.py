"""Let the model choose among measured networks that it has not seen, and count how often what it chose is within the budget.

For each device, each class of recipes (so that top-1 compares networks and not trainings), each fold of families and each of nine
budgets (tenths of the fold's measured times), the model, which saw no network of a candidate's family, chooses the network with the
best published top-1 among those that keep to the budget with a chance of 90% by its own word. What is chosen is where a model is
too hopeful, so its coverage is that of chosen networks (selection-conditional, arXiv 2403.03868) and not of all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dsim.device.profile import DeviceProfile
from dsim.latency.apart import read_apart
from dsim.latency.calibrate import network_errors
from dsim.latency.evidence import Predicted
from dsim.latency.families import by_chance
from dsim.latency.hold_out import clean, held_networks, hold_out_once
from dsim.latency.learners import learner_of
from dsim.latency.question import Question
from dsim.latency.scoring import Held, shares_by_family
from dsim.latency.strata import LEAST, places, stratum_logs
from dsim.report.table import TableData, table
from dsim.shift.in_common import top1_by_class
from dsim.shift.measured_regret import budgets_of

FOLDS, CANDIDATES = 4, 6  # folds of families; networks of one class that a choice needs
CHANCE = 0.9


@dataclass(frozen=True)
class Candidate:
    """A network that the model has not seen: what it needs by the model's word, and its 90% interval."""

    held: Held
    needs_ms: float

    @property
    def keeps(self) -> bool:
        """Whether it takes no longer than the model said that it needs."""
        return self.held.measured_ms <= self.needs_ms


def candidates(profile: DeviceProfile) -> list[Candidate]:
    """Return a profile's networks, each with the interval of its own question."""
    learner = learner_of(profile)
    evidence = learner.gather(profile)
    held = hold_out_once(learner, evidence)
    every = network_errors(evidence.figures, held.log_ms, held.spread)
    put, apart = places(evidence), read_apart()
    owner = [one.name for one in evidence.profiles].index(profile.name)
    out: dict[str, Candidate] = {}
    for question in (Question.FOREIGN, Question.KNOWN):
        logs = stratum_logs(evidence, question, (held.log_ms, held.spread), apart)
        assert logs is not None
        errors = network_errors(evidence.figures, *logs, among=put.of(question))
        if question is Question.KNOWN and len(set(errors.families[errors.owner == owner])) < LEAST:
            continue
        found = Predicted(*logs, np.zeros(len(logs[0])))
        both = [
            clean(
                held_networks(
                    learner, evidence, found, {profile.name},
                    errors=errors, centre=every, among=put.of(question), confidence=level,
                )
            )
            for level in (0.9, 2.0 * CHANCE - 1.0)
        ]  # fmt: skip
        out |= {one.graph: Candidate(one, other.high_ms) for one, other in zip(*both, strict=True)}
    return list(out.values())


def replay(every: Sequence[Candidate]) -> list[tuple[Candidate, float]]:
    """Return what is chosen at every budget, in every fold and class of recipes, with the budgets."""
    chosen: list[tuple[Candidate, float]] = []
    for part, top1 in _parts(every):
        for budget in budgets_of(np.array([one.held.measured_ms for one in part])):
            able = [one for one in part if one.needs_ms <= budget]
            if able:
                best = max(able, key=lambda one: (top1[one.held.graph], -one.needs_ms))
                chosen.append((best, float(budget)))
    return chosen


def _parts(every: Sequence[Candidate]) -> Iterator[tuple[list[Candidate], dict[str, float]]]:
    folds = by_chance(np.array([one.held.family for one in every]), FOLDS)
    for top1 in top1_by_class().values():
        for fold in range(FOLDS):
            part = [one for one in every if one.held.graph in top1 and folds[one.held.family] == fold]
            if len(part) >= CANDIDATES:
                yield part, dict(top1)


def _share(pairs: Sequence[tuple[str, bool]]) -> str:
    found = shares_by_family([name for name, _ in pairs], [hit for _, hit in pairs])
    return f"{found.share:.0f} ({found.low:.0f} to {found.high:.0f})"


def row(title: str, every: Sequence[Candidate], chosen: Sequence[tuple[Candidate, float]]) -> tuple[str, ...]:
    """Return one row of the table."""
    return (
        title,
        f"{len(chosen)} of {len({one.held.family for one, _ in chosen})} families",
        _share([(one.held.family, one.keeps) for one in every]),
        _share([(one.held.family, one.keeps) for one, _ in chosen]),
        _share([(one.held.family, one.held.measured_ms <= budget) for one, budget in chosen]),
        _share([(one.held.family, one.held.covered) for one in every]),
        _share([(one.held.family, one.held.covered) for one, _ in chosen]),
    )


COLUMNS = ("profiles", "choices", "keep to what they need, all", "the same, chosen", "chosen within budget",
           "inside the interval, all", "the same, chosen")  # fmt: skip


def selected_table(rows: Sequence[tuple[str, ...]]) -> TableData:
    """Return the table of rows made by `row`."""
    return table(
        "Chosen by a model that had not seen them: shares in percent (asked: 90)",
        COLUMNS,
        rows,
        COLUMNS[1:],
        f"What a network needs is the budget that it keeps to with a chance of {CHANCE:.0%}. Ranges are 95% intervals over families. "
        "A choice needs six networks of one class of recipes in a fold of families.",
    )
