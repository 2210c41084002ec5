"""The part of a page that shows one study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dsim.device import DeviceProfile
from dsim.latency.scoring import Held
from dsim.report.answer import alternatives_table
from dsim.report.certainty import certainty_table
from dsim.report.missed import alike_lines
from dsim.report.names import device_words
from dsim.report.next_steps import next_steps
from dsim.report.page.fronts import Front, measured_on, panels_figure
from dsim.report.page.ledger import cost_section, reproduce_section, study_command
from dsim.report.page.parts import PagePart, Section
from dsim.report.page.profiles import NOT_SEARCHED, profile_sections
from dsim.report.page.stages import stages_figure
from dsim.report.page.subject import PageSubject
from dsim.report.study import chosen_table, near_tables, trained_table
from dsim.report.table import table
from dsim.search import NotIdentified, StudyResult

EVERYTHING = 1000  # a width that has room for every column


def study_part(
    subject: PageSubject,
    found: StudyResult,
    profiles: Mapping[str, DeviceProfile],
    held: Mapping[str, Sequence[Held]],
    key: str,
) -> PagePart:
    """Return the part, most important sections first.

    Parameters
    ----------
    profiles, held
        Profile and held-out predictions of the device, as far as they are known.
    """
    device = found.spec.device
    profile = profiles.get(device)
    task, budget_ms = found.spec.task, found.spec.budget_ms
    # what others measured has ImageNet's top-1 beside it, which is no rank
    published = () if task else measured_on(profile, found.published, budget_ms)
    words, accuracy = device_words(device, profile), found.spec.words
    front = Front(device, words.title, budget_ms, words.unit, found.front, found.chosen, published, accuracy)
    shown = found.chosen or found.fastest
    name = "the chosen design" if found.chosen else "the fastest design"
    near = near_tables(found, EVERYTHING)
    command, space = study_command(found)
    return PagePart(
        key,
        subject.name,
        f"{words.title}: the best design within {found.spec.budget_ms:g} {words.unit}",
        (
            _summary(found),
            *next_sections(next_steps(found, words.runtime)),
            Section("front", "Pareto front", figures=(panels_figure([front], "front"),), tables=near),
            Section(
                "designs",
                "The chosen design" if found.chosen else "The fastest design",
                figures=(
                    stages_figure([(name, shown.arch)], title="Stage by stage", image=found.spec.image),
                ),
            ),
            *profile_sections([device], profiles, held, {}),
            not_searched(found.not_identified),
            cost_section({device: found.cost}, ()),
            reproduce_section(command, space, subject.fingerprint, subject.name),
        ),
    )


def _summary(found: StudyResult) -> Section:
    spec = found.spec
    trained = bool(found.trained)
    measured = (
        "Test accuracies were measured; every other"
        if trained
        else "Nothing was measured for this study: every"
    )
    about = (
        f"{spec.words.about(spec.space.resolution)}{' Accuracies are of designs that were trained and tested.' if trained else ''}"
        if spec.task
        else f"Top-1 is on ImageNet-1k, for {spec.trained}. Where a figure is measured, others measured it."
    )
    words = (
        f"{spec.rule[0].upper()}{spec.rule[1:]}. {measured} figure is a "
        f"prediction from published or recorded measurements, with its {spec.confidence:.0%} interval. "
        "Intervals of latency are for a new design of known kinds of block, where enough families were measured for that, else for a "
        f"foreign family. {about}",
        *(f"{head} {text}" for head, text in alike_lines(found)),
        *((f"Prefer {found.prefer.says(spec.trained)}",) if found.prefer else ()),
    )
    beside = alternatives_table(found)
    tables = [replace(beside, title="Alternatives", columns=("", *beside.columns[1:]))]
    if found.chosen:
        tables.insert(0, chosen_table(found.chosen, found))
    if found.trained:
        tables.insert(1, trained_table(found))
    if found.certainty:
        tables.append(certainty_table(found))
    return Section("summary", "Summary", words, found.notes, tables=tuple(tables))


def next_sections(steps: Sequence[tuple[str, str]]) -> tuple[Section, ...]:
    """Return the section on what to do next, where there is anything beside this page; steps are what for, and the command."""
    others = [(what, command) for what, command in steps if "dsim report" not in command]
    words = tuple(f"{what[:1].upper()}{what[1:]}" for what, _ in others)
    commands = tuple(command for _, command in others)
    return (Section("next", "What to do next", words, code=commands),) if others else ()


def not_searched(items: Sequence[NotIdentified]) -> Section:
    """Return the section on the choices that a search left as they are."""
    rows = [(item.choice, item.kept, ", ".join(item.dropped), item.why) for item in items]
    if not rows:
        return Section("not-identified", NOT_SEARCHED, ("Every choice of the space was searched.",))
    words = "The measurements of this device do not say what these options cost there, so that the search left the choice as it is."
    data = table("Options that were not searched", ("choice", "stays", "not searched", "why"), rows)
    return Section("not-identified", NOT_SEARCHED, (words,), tables=(data,))
