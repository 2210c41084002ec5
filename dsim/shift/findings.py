"""What is said of one device in a comparison."""

from __future__ import annotations

from dsim.device import DeviceProfile
from dsim.latency.refit import families_of
from dsim.latency.siblings import Siblings
from dsim.search import StudyResult
from dsim.shift.own import own_and_all
from dsim.shift.records import DeviceFindings
from dsim.shift.side import Side


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
