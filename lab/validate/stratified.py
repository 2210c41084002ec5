"""Measured networks by the question that their intervals answer, each judged by errors of other families alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsim.device.profile import DeviceProfile
from dsim.latency.apart import kept_of
from dsim.latency.calibrate import Errors, network_errors
from dsim.latency.evidence import Evidence, Predicted
from dsim.latency.hold_out import clean, held_networks, hold_out_once
from dsim.latency.learner import Learner
from dsim.latency.learners import learner_of, rests_on
from dsim.latency.question import Question
from dsim.latency.scoring import Held
from dsim.latency.strata import LEAST, places, stratum_logs
from lab.validate.earlier import earlier


@dataclass(frozen=True)
class Stratum:
    """One question on one profile.

    Attributes
    ----------
    question, learner, evidence
        What is asked, how the profile is learned, and from what.
    found
        What is predicted of the evidence's figures, without what the question holds out.
    errors, foreign
        Errors that the question's intervals rest on; those of every network without its family.
    among
        Which figures (M,) tell of the question.
    """

    question: Question
    learner: Learner[Any, Any]
    evidence: Evidence
    found: Predicted
    errors: Errors
    foreign: Errors
    among: NDArray[np.bool_]

    def networks(self, confidence: float = 0.9) -> list[Held]:
        """Return the profile's networks with the intervals of this question."""
        asked = {"errors": self.errors, "centre": self.foreign, "confidence": confidence}
        return self._held(**asked)

    def networks_before(self) -> list[Held]:
        """Return them with the one interval that was given before for every question."""
        return self._held(errors=self.foreign, rule=earlier)

    def _held(self, **how: Any) -> list[Held]:
        names = {self.evidence.profile.name}
        found = held_networks(self.learner, self.evidence, self.found, names, among=self.among, **how)
        return clean(found)


def strata_of(profile: DeviceProfile) -> Iterator[Stratum]:
    """Return the questions that are answered on a profile, the farthest first."""
    learner = learner_of(profile)
    evidence = learner.gather(profile)
    held = hold_out_once(learner, evidence)
    foreign = network_errors(evidence.figures, held.log_ms, held.spread)
    put, kept = places(evidence), kept_of(evidence, rests_on(profile))
    for question in Question:
        logs = stratum_logs(question, (held.log_ms, held.spread), kept)
        if logs is None:
            continue
        among = put.of(question)
        errors = network_errors(evidence.figures, *logs, among, question is not Question.FOREIGN)
        if len(set(errors.families[errors.owner == evidence.index])) >= LEAST:
            found = Predicted(*logs, np.zeros(len(logs[0])))
            yield Stratum(question, learner, evidence, found, errors, foreign, among)
