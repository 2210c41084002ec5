"""How far estimates err, by the question that is asked: see `dsim.latency.question`.

Each question has errors of its own: those of a foreign family come from every network with its family held out; those of known
kinds of block from networks all of whose kinds were timed on that device in other families, with the laboratory held out too
where there are several; those of a variant from networks held out alone, of which a variant was timed. A design drawn from a
space weighs as much as a family there, for it is what is asked about; among foreign families all designs weigh as the few that
they were dealt into. Which networks count was fixed before their errors were looked at. A question with the errors of too few
families is not answered: the next farther one is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsim.graph.graph import Graph
from dsim.graph.key import NetworkKey, split_key
from dsim.latency.apart import Logs, kept_of
from dsim.latency.calibrate import Calibration, Errors, calibrated, network_errors
from dsim.latency.evidence import Evidence, Predicted
from dsim.latency.facts import Facts, facts_of
from dsim.latency.features import kernels
from dsim.latency.learner import Learner
from dsim.latency.learners import rests_on
from dsim.latency.networks import own_graphs, read_networks
from dsim.latency.question import Question
from dsim.latency.timed import BlockKinds, Timed, block_kinds

LEAST = 5  # families that the errors of a question must come from


@dataclass(frozen=True)
class Strata:
    """How far a profile's estimates err.

    Attributes
    ----------
    foreign, known, variant
        Distributions of errors by question, around one estimate; that of the next farther question where one is not answered.
    families
        (3,) of how many families of the profile's own networks the errors are; 0 where a question is not answered.
    timed
        What was timed on the device.
    """

    foreign: Calibration
    known: Calibration
    variant: Calibration
    families: NDArray[np.int64]
    timed: Timed

    @classmethod
    def same(cls, calibration: Calibration, families: int = 0) -> Strata:
        """Return the strata of a profile of which one distribution is known."""
        counts = np.array([families, 0, 0], dtype=np.int64)
        return cls(calibration, calibration, calibration, counts, Timed.of(()))

    def of(self, question: Question) -> Calibration:
        """Return the distribution of errors that answers a question."""
        return self._by[question]

    def answered(self, question: Question) -> Question:
        """Return a question itself where it is answered, else the next farther one that is."""
        nearest = list(Question).index(question)
        return next(
            (q for q in reversed(list(Question)[: nearest + 1]) if self.rests_on(q)), Question.FOREIGN
        )

    def rests_on(self, question: Question) -> int:
        """Return of how many families the errors are that answer a question; 0 where it is not answered."""
        return int(self.families[list(Question).index(question)])

    def question(self, graph: Graph, passes: tuple[str, ...]) -> Question:
        """Tell which question a network's interval answers, by its graph before any pass."""
        if not self.families[1:].any():
            return Question.FOREIGN
        return self.question_of(facts_of(kernels(graph, passes)))

    def question_of(self, facts: Facts) -> Question:
        """Tell which question a network's interval answers, by what it holds after a runtime's passes."""
        if not self.families[1:].any():
            return Question.FOREIGN
        asked = self.timed.question(block_kinds(facts))
        if asked is Question.VARIANT and not self.rests_on(asked):
            asked = Question.KNOWN  # it holds no other kinds than a network that was timed
        return self.answered(asked)

    @cached_property
    def _by(self) -> dict[Question, Calibration]:
        return dict(zip(Question, (self.foreign, self.known, self.variant), strict=True))


@dataclass(frozen=True)
class Places:
    """Which figures (M,) tell of a question, and what was timed on each device; kinds are those of its own figures alone."""

    known: NDArray[np.bool_]
    variant: NDArray[np.bool_]
    timed: tuple[Timed, ...]

    def of(self, question: Question) -> NDArray[np.bool_]:
        """Return which figures tell of a question."""
        every = np.ones(len(self.known), dtype=bool)
        return {Question.FOREIGN: every, Question.KNOWN: self.known, Question.VARIANT: self.variant}[question]


def places(evidence: Evidence) -> Places:
    """Put measured networks into strata, by their graphs, families and devices alone."""
    figures, first = evidence.figures, evidence.profile
    found = read_networks(frozenset(figures.keys), first.passes, own_graphs(evidence.profiles), first.batch)
    kinds = {key: block_kinds(network.facts) for key, network in found.items()}
    known, variant = (np.zeros(len(figures.keys), dtype=bool) for _ in range(2))
    timed = []
    for owner in range(len(evidence.profiles)):
        rows = [int(n) for n in np.flatnonzero(figures.owner == owner)]
        stayed = [n for n in rows if not figures.cliff[n]]
        families: dict[str, set[str]] = {}
        names: dict[BlockKinds, set[str]] = {}
        for n in stayed:
            for kind in kinds[figures.keys[n]]:
                families.setdefault(kind, set()).add(str(figures.families[n]))
            names.setdefault(kinds[figures.keys[n]], set()).add(NetworkKey.of(figures.keys[n]).name)
        for n in rows:
            own = kinds[figures.keys[n]]
            known[n] = all(families.get(kind, set()) - {str(figures.families[n])} for kind in own)
            variant[n] = bool(names.get(own, set()) - {NetworkKey.of(figures.keys[n]).name})
        timed.append(Timed.of(names))
    return Places(known, variant, tuple(timed))


def find_strata(learner: Learner[Any, Any], evidence: Evidence, held: Predicted) -> Strata:
    """Make the distributions of a profile's errors.

    Parameters
    ----------
    learner, evidence
        A way of learning, and what it gathered.
    held
        Its figures, each predicted without its family.
    """
    figures = evidence.figures
    owner = evidence.index
    errors = network_errors(figures, held.log_ms, held.spread)
    foreign = calibrated(learner, evidence, errors, owner)
    if not all(split_key(key)[1] for key in figures.keys):  # operators alone
        return Strata.same(foreign, _families(errors, owner))
    put = places(evidence)
    kept = kept_of(evidence, rests_on(evidence.profile))
    by, families = [foreign], [_families(errors, owner)]
    for question in (Question.KNOWN, Question.VARIANT):
        logs = stratum_logs(question, (held.log_ms, held.spread), kept)
        among = put.of(question)
        found = None if logs is None else network_errors(figures, *logs, among, each_design=True)
        count = 0 if found is None else _families(found, owner)
        enough = found is not None and count >= LEAST
        own = calibrated(learner, evidence, found, owner) if found is not None and enough else by[-1]
        by.append(own.around(foreign))
        families.append(count if enough else 0)
    return Strata(by[0], by[1], by[2], np.array(families, dtype=np.int64), put.timed[owner])


def stratum_logs(question: Question, held: Logs, kept: Mapping[Question, Logs]) -> Logs | None:
    """Return the predictions that a question's errors are of; None where they do not come with dsim.

    Where figures are of one laboratory, a network of known blocks is predicted without its family.
    """
    if question is Question.FOREIGN:
        return held
    return kept.get(question, held if question is Question.KNOWN else None)


def _families(errors: Errors, owner: int) -> int:
    return len(np.unique(errors.families[errors.owner == owner]))
