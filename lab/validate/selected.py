"""Let the model choose among measured networks that it has not seen, and count how often what it chose is within the budget.

For each device, each half of its families and each of nine budgets (tenths of the half's measured times), the model, which saw no
network of a candidate's family, chooses among those that keep to the budget with a chance of 90% by its own word: the one with the
best published top-1, in each class of recipes (so that top-1 compares networks and not trainings); or, since few networks of phone
CPUs have a published top-1, the one with the most multiply-accumulates. What is chosen is where a model is
too hopeful, so its coverage is that of chosen networks (selection-conditional, arXiv 2403.03868) and not of all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dsim.device.profile import DeviceProfile
from dsim.latency.families import by_chance
from dsim.latency.methods.fine.costs import INDEX
from dsim.latency.networks import own_graphs, read_networks
from dsim.latency.question import Question
from dsim.latency.scoring import Held, shares_by_family
from dsim.report.table import TableData, table
from dsim.shift.measured_regret import budgets_of
from lab.validate.stratified import strata_of

FOLDS, CANDIDATES = 2, 6  # folds of families; networks of one class that a choice needs
CHANCE = 0.9
MACS = [n for name, n in INDEX.items() if name.startswith("macs_") and not name.startswith("macs_grouped_")]


@dataclass(frozen=True)
class Candidate:
    """A network that the model has not seen: what it needs by the model's word, its 90% interval, and its MACs in billions."""

    held: Held
    needs_ms: float
    gmacs: float

    @property
    def keeps(self) -> bool:
        """Whether it takes no longer than the model said that it needs."""
        return self.held.measured_ms <= self.needs_ms


def candidates(profile: DeviceProfile) -> list[Candidate]:
    """Return a profile's networks, each with the interval of its own question."""
    out: dict[str, Candidate] = {}
    for stratum in strata_of(profile):
        if stratum.question is Question.VARIANT:
            continue  # its family is known there
        evidence = stratum.evidence
        networks = read_networks(
            frozenset(evidence.figures.keys), profile.passes, own_graphs(evidence.profiles), profile.batch
        )
        both = stratum.networks(), stratum.networks(2.0 * CHANCE - 1.0)
        out |= {
            one.graph: Candidate(one, other.high_ms, float(networks[one.graph].facts.fine[MACS].sum()))
            for one, other in zip(*both, strict=True)
        }
    return list(out.values())


def replay(
    every: Sequence[Candidate], classes: Sequence[Mapping[str, float]]
) -> list[tuple[Candidate, float]]:
    """Return what is chosen at every budget, in every fold and class, with the budgets.

    ``classes`` say what the best is of, by ``name@resolution``: top-1 of results that were trained alike, or MACs.
    """
    chosen: list[tuple[Candidate, float]] = []
    for part, top1 in _parts(every, classes):
        for budget in budgets_of(np.array([one.held.measured_ms for one in part])):
            able = [one for one in part if one.needs_ms <= budget]
            if able:
                best = max(able, key=lambda one: (top1[one.held.graph], -one.needs_ms))
                chosen.append((best, float(budget)))
    return chosen


def _parts(
    every: Sequence[Candidate], classes: Sequence[Mapping[str, float]]
) -> Iterator[tuple[list[Candidate], Mapping[str, float]]]:
    folds = by_chance(np.array([one.held.family for one in every]), FOLDS)
    for top1 in classes:
        for fold in range(FOLDS):
            part = [one for one in every if one.held.graph in top1 and folds[one.held.family] == fold]
            if len(part) >= CANDIDATES:
                yield part, top1


def _share(pairs: Sequence[tuple[str, bool]]) -> str:
    found = shares_by_family([name for name, _ in pairs], [hit for _, hit in pairs])
    return f"{found.share:.0f} ({found.low:.0f} to {found.high:.0f})"


def row(
    title: str, best: str, every: Sequence[Candidate], chosen: Sequence[tuple[Candidate, float]]
) -> tuple[str, ...]:
    """Return one row of the table."""
    return (
        title,
        best,
        f"{len(chosen)} of {len({one.held.family for one, _ in chosen})} families",
        _share([(one.held.family, one.keeps) for one in every]),
        _share([(one.held.family, one.keeps) for one, _ in chosen]),
        _share([(one.held.family, one.held.measured_ms <= budget) for one, budget in chosen]),
        _share([(one.held.family, one.held.covered) for one in every]),
        _share([(one.held.family, one.held.covered) for one, _ in chosen]),
    )


COLUMNS = ("profiles", "best by", "choices", "keep to what they need, all", "the same, chosen", "chosen within budget",
           "inside the interval, all", "the same, chosen")  # fmt: skip


def selected_table(rows: Sequence[tuple[str, ...]]) -> TableData:
    """Return the table of rows made by `row`."""
    return table(
        "Chosen by a model that had not seen them: shares in percent (asked: 90)",
        COLUMNS,
        rows,
        COLUMNS[2:],
        f"What a network needs is the budget that it keeps to with a chance of {CHANCE:.0%}. Ranges are 95% intervals over families. "
        f"A choice needs {CANDIDATES} networks in a half of the families, of one class of recipes where top-1 decides.",
    )
