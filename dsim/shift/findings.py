"""What is said of one device in a comparison."""

from __future__ import annotations

from dataclasses import dataclass

from dsim.device import DeviceProfile
from dsim.latency.refit import families_of
from dsim.latency.siblings import Siblings
from dsim.search import Candidate, NotIdentified, Published, StudyResult
from dsim.search.result import Cost
from dsim.shift.own import own_and_all
from dsim.shift.side import Side
from dsim.summaries import Summarised, Summary


@dataclass(frozen=True, repr=False)
class DeviceFindings(Summarised):
    """One device: what its prices rest on, and what its own study found.

    Attributes
    ----------
    budget_ms
        Its budget.
    like_ms
        Estimate of the ``like`` design there, in milliseconds.
    own_figures, figures
        Measured figures of the device itself, and all that its model learned from (pool and donors included).
    evidence
        (kind, share): how well the kernels of its best design are covered, by share of its milliseconds.
    sibling_spread
        Log-spread of held-out errors within families; ``sibling_networks`` tells how many it rests on, and 0 that it is
        the spread of all held-out errors, for want of families with several networks.
    families
        Families that its model learns from.
    best
        What its study chose, or None where nothing fits.
    front
        Its Pareto front.
    """

    device: str
    title: str
    method: str
    measures: str
    budget_ms: float
    like_ms: float
    own_figures: int
    figures: int
    evidence: tuple[tuple[str, float], ...]
    sibling_spread: float
    sibling_networks: int
    families: int
    best: Candidate | None
    fastest: Candidate
    front: tuple[Candidate, ...]
    nearest_feasible_budget_ms: float | None
    not_identified: tuple[NotIdentified, ...]
    published: tuple[Published, ...]
    cost: Cost

    def summary(self) -> Summary:
        """Return what its study chose within its budget, and what its prices rest on."""
        shown = self.best or self.fastest
        rows = [
            ("budget", f"{self.budget_ms:.3g} ms"),
            ("best", "a design that fits the budget" if self.best else "nothing fits; the fastest:"),
            *shown.said(),
            ("front", f"{len(self.front)} designs, in .front"),
            ("rests on", f"{self.figures} figures of {self.families} families, {self.own_share:.0%} its own"),
        ]
        return Summary(f"{self.device}: {self.title}", tuple(rows))

    @property
    def own_share(self) -> float:
        """Share of the figures behind its prices that are its own."""
        return self.own_figures / self.figures if self.figures else 0.0


def findings_of(
    profile: DeviceProfile, side: Side, study: StudyResult, like_ms: float, found: Siblings
) -> DeviceFindings:
    """Collect what one device's study found, and what its prices rest on."""
    design = (study.chosen or study.fastest).arch
    own, every = own_and_all(profile)
    return DeviceFindings(
        profile.name,
        profile.title,
        profile.method,
        profile.measures,
        side.scorer.budget_ms,
        like_ms,
        own,
        every,
        side.evidence_of(design),
        side.spread,
        found.networks if found.spread is not None else 0,
        len(families_of(profile.name)),
        study.chosen,
        study.fastest,
        study.front,
        study.nearest_feasible_budget_ms,
        study.not_identified,
        study.published,
        study.cost,
    )
