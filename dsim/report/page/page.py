"""The whole page as data: a part for each study or comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dsim.device import DeviceProfile, find_profile
from dsim.errors import UnknownNameError
from dsim.latency.scoring import Held
from dsim.report.page.answers import Answer, comparison_answers, joint_answers, study_answer
from dsim.report.page.comparison import comparison_part
from dsim.report.page.joint import joint_part
from dsim.report.page.parts import PagePart
from dsim.report.page.study import study_part
from dsim.report.page.subject import PageSubject
from dsim.report.shift import counted
from dsim.search import JointStudy
from dsim.shift import Comparison

HeldOf = Callable[[str], Sequence[Held] | None]


@dataclass(frozen=True)
class Page:
    """A whole page.

    Attributes
    ----------
    title
        In words.
    answers
        What was found, one for each device of each part: the page opens with them.
    parts
        One for each study or comparison.
    """

    title: str
    answers: tuple[Answer, ...]
    parts: tuple[PagePart, ...]


def make_page(subjects: Sequence[PageSubject], held_of: HeldOf) -> Page:
    """Make a page.

    Parameters
    ----------
    subjects
        What it shows, in this order.
    held_of
        Gives a profile's held-out predictions, or None where they are not known.
    """
    parts: list[PagePart] = []
    answers: list[Answer] = []
    for number, subject in enumerate(subjects, 1):
        found, key = subject.found, f"p{number}"
        names = _devices(subject)
        profiles = {name: profile for name in names if (profile := _profile(name))}
        known = {name: networks for name in profiles if (networks := held_of(name)) is not None}
        if isinstance(found, Comparison):
            parts.append(comparison_part(subject, found, profiles, known, key))
            answers += comparison_answers(found, profiles, key)
        elif isinstance(found, JointStudy):
            parts.append(joint_part(subject, found, profiles, known, key))
            answers += joint_answers(found, profiles, key)
        else:
            parts.append(study_part(subject, found, profiles, known, key))
            answers.append(study_answer(found, profiles, key))
    title = parts[0].title if len(parts) == 1 else f"Which design to run: {counted(len(answers), 'answer')}"
    return Page(title, tuple(answers), tuple(parts))


def _devices(subject: PageSubject) -> list[str]:
    found = subject.found
    if isinstance(found, JointStudy):
        return list(found.spec.budgets_ms)
    return [d.device for d in found.devices] if isinstance(found, Comparison) else [found.spec.device]


def _profile(name: str) -> DeviceProfile | None:
    """Return a profile, or None: a user's own may be gone since, and the page says so."""
    try:
        return find_profile(name)
    except UnknownNameError:
        return None
