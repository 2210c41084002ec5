"""The part of a page that shows one study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dsim.accuracy.recipe import reference_words
from dsim.device import DeviceProfile
from dsim.device.batches import unit_of
from dsim.latency.scoring import Held
from dsim.report.page.fronts import Front, measured_on, panels_figure
from dsim.report.page.ledger import cost_section, reproduce_section, study_command
from dsim.report.page.parts import Part, Section
from dsim.report.page.profiles import profile_sections
from dsim.report.page.stages import stages_figure
from dsim.report.page.subject import Subject
from dsim.report.study import chosen_table, published_table
from dsim.report.table import table
from dsim.search import StudyResult


def study_part(
    subject: Subject,
    found: StudyResult,
    profiles: Mapping[str, DeviceProfile],
    held: Mapping[str, Sequence[Held]],
    key: str,
) -> Part:
    """Make the part, most important first.

    Parameters
    ----------
    profiles, held
        Profile and held-out predictions of the device, as far as they are known.
    """
    device = found.spec.device
    profile = profiles.get(device)
    unit = unit_of(device, profile.measures if profile else "")
    published = measured_on(profile, found.published, found.spec.budget_ms)
    front = Front(device, found.spec.budget_ms, unit, found.front, found.chosen, published)
    shown = found.chosen or found.fastest
    name = "chosen" if found.chosen else "fastest reached"
    near = (published_table(found),) if found.published else ()
    command, space = study_command(found)
    return Part(
        key,
        subject.name,
        (
            _summary(found),
            Section("front", "Pareto front", figures=(panels_figure([front], "front"),), tables=near),
            Section(
                "designs",
                "The design",
                figures=(stages_figure([(name, shown.arch)], title="Stage by stage"),),
            ),
            *profile_sections([device], profiles, held, {}),
            _not_identified(found),
            cost_section({device: found.cost}, ()),
            reproduce_section(command, space, subject.fingerprint, subject.name),
        ),
    )


def _summary(found: StudyResult) -> Section:
    spec = found.spec
    words = [
        f"{spec.device} was asked for the most accurate design within {spec.budget_ms:g} ms, whose upper end of the "
        f"{spec.confidence:.0%} interval holds the budget. Nothing was measured for this study: every figure is a prediction "
        "from published or recorded measurements, and top-1 is for "
        f"{reference_words(spec.space.resolution)}. Points that are marked as measured were measured by others."
    ]
    if found.chosen:
        chosen = (chosen_table(found.chosen, spec.budget_ms, spec.confidence),)
        return Section("summary", "Summary", tuple(words), found.notes, tables=chosen)
    fastest, nearest = found.fastest, found.nearest_feasible_budget_ms
    words.append(
        f"Nothing fits. The fastest design reached takes {fastest.latency_ms:.3g} ms ({fastest.low_ms:.3g} to "
        f"{fastest.high_ms:.3g})"
        + (f"; the nearest feasible budget is {nearest:.3g} ms." if nearest else ".")
    )
    return Section("summary", "Summary", tuple(words), found.notes)


def _not_identified(found: StudyResult) -> Section:
    rows = [(item.choice, item.kept, ", ".join(item.dropped), item.why) for item in found.not_identified]
    if not rows:
        return Section("not-identified", "What was not identified", ("Every choice was identified.",))
    columns = ("choice", "stays", "not searched", "why")
    data = table("Left alone by the search: not identified there", columns, rows)
    return Section("not-identified", "What was not identified", tables=(data,))
