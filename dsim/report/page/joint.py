"""The part of a page that shows one design for several devices."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace

from dsim.device import DeviceProfile
from dsim.latency.scoring import Held
from dsim.report.joint import joint_steps, joint_table, joint_words
from dsim.report.page.ledger import cost_section, joint_command, reproduce_section
from dsim.report.page.parts import PagePart, Section
from dsim.report.page.profiles import profile_sections
from dsim.report.page.stages import stages_figure
from dsim.report.page.study import next_sections, not_searched
from dsim.report.page.subject import PageSubject
from dsim.search import JointStudy


def joint_part(
    subject: PageSubject,
    found: JointStudy,
    profiles: Mapping[str, DeviceProfile],
    held: Mapping[str, Sequence[Held]],
    key: str,
) -> PagePart:
    """Return the part, most important sections first.

    Parameters
    ----------
    profiles, held
        Profiles and held-out predictions of the devices, as far as they are known.
    """
    spec, devices = found.spec, list(found.spec.budgets_ms)
    best = [(f"best for {one.device}", one.own.arch) for one in found.on if one.own]
    name = "the one design" if found.fits else "the nearest design"
    command, space = joint_command(found)
    return PagePart(
        key,
        subject.name,
        f"One design for {' and '.join(devices)}",
        (
            _summary(found),
            *next_sections(joint_steps(found)),
            Section(
                "designs",
                "The designs",
                figures=(stages_figure([(name, found.design.arch), *best], title="Stage by stage"),),
            ),
            *profile_sections(devices, profiles, held, {}),
            not_searched(found.not_identified),
            cost_section({"all devices at once": found.cost}, (_alone(found),)),
            reproduce_section(command, space, subject.fingerprint, spec.name),
        ),
    )


def _summary(found: JointStudy) -> Section:
    spec = found.spec.shares
    words = (
        joint_words(found),
        f"{spec.rule[0].upper()}{spec.rule[1:]}. Nothing was measured for this study: every figure is a prediction from published or "
        f"recorded measurements, with its {spec.confidence:.0%} interval. Top-1 is on ImageNet-1k, for {spec.trained}.",
    )
    limits = tuple(f"{use.title}: {use.words}." for use in found.limits)
    beside = replace(joint_table(found), title="The design on each device")
    return Section("summary", "Summary", words, limits, tables=(beside,))


def _alone(found: JointStudy) -> str:
    folders = [shlex.quote(str(found.spec.alone(device).folder)) for device in found.spec.budgets_ms]
    return (
        "The search for each device alone is a study of its own, with a page and a cost of its own: "
        f"{', '.join(f'`dsim report {folder}`' for folder in folders)}."
    )
