"""What a page opens with: the answer for each device in a sentence, and the design that was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dsim.arch import Arch
from dsim.device import DeviceProfile
from dsim.latency.cliffs import LEAVES, chance_words
from dsim.report.answer import answer_words
from dsim.report.certainty import why_no_budget
from dsim.report.names import DeviceWords, device_words
from dsim.report.stages import Sides, design_words, stages_words
from dsim.search import JointStudy, StudyResult
from dsim.shift import Comparison


@dataclass(frozen=True)
class Answer:
    """One answer.

    Attributes
    ----------
    key
        Of the part that tells more.
    device, title
        The device as commands and as people call it.
    sentence
        What was found.
    design
        The design in words; that of the fastest one where nothing fits.
    """

    key: str
    device: str
    title: str
    sentence: str
    design: str


def study_answer(found: StudyResult, profiles: Mapping[str, DeviceProfile], key: str) -> Answer:
    """Return the answer of a study."""
    name, nearest = found.spec.device, found.nearest_feasible_budget_ms
    device = device_words(name, profiles.get(name))
    words = found.spec.words
    said = answer_words(
        device, found.spec.budget_ms, found.chosen, found.fastest, nearest, words, found.tested
    )
    if why := why_no_budget(found):
        said += f" {why}"
    if risk := chance_words(found.p_cliff):
        said += f" {LEAVES.capitalize()}: {risk}."
    return _answer(key, name, device, said, (found.chosen or found.fastest).arch, found.spec.image)


def comparison_answers(
    found: Comparison, profiles: Mapping[str, DeviceProfile], key: str
) -> tuple[Answer, ...]:
    """Return an answer for each device of a comparison."""
    out = []
    for one in found.devices:
        device = device_words(one.device, profiles.get(one.device))
        said = answer_words(device, one.budget_ms, one.best, one.fastest, words=found.words)
        out.append(_answer(key, one.device, device, said, (one.best or one.fastest).arch))
    return tuple(out)


def joint_answers(found: JointStudy, profiles: Mapping[str, DeviceProfile], key: str) -> tuple[Answer, ...]:
    """Return an answer for each device of a study for several: what the one design is there."""
    out = []
    for one in found.on:
        device = device_words(one.device, profiles.get(one.device))
        needs = f"needs {one.design.needs_ms:.3g} of {one.budget_ms:.4g} {device.unit}"
        which = "the one design" if found.fits else "no design fits all devices; the nearest"
        lost = (
            f", and gives up {one.lost.words} points of top-1 against the best for this device alone"
            if one.lost
            else ""
        )
        said = f"{which} {needs}{lost}."
        out.append(_answer(key, one.device, device, said, one.design.arch))
    return tuple(out)


def _answer(
    key: str, name: str, device: DeviceWords, said: str, arch: Arch, image: Sides | None = None
) -> Answer:
    design = f"{design_words(arch, image)}; {stages_words(arch)}"
    return Answer(key, name, device.title, f"{said[0].upper()}{said[1:]}", design)
