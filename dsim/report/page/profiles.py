"""Sections on the profiles behind a part: predicted against measured, evidence and error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dsim.device import DeviceProfile
from dsim.latency.scoring import Held
from dsim.report.page.evidence import choices_table, coverage_figure, error_table, profiles_table
from dsim.report.page.held import held_figure
from dsim.report.page.parts import Section

NOT_SEARCHED = "What was not searched, and why"


def profile_sections(
    names: Sequence[str],
    profiles: Mapping[str, DeviceProfile],
    held: Mapping[str, Sequence[Held]],
    evidence: Mapping[str, Sequence[tuple[str, float]]],
) -> tuple[Section, Section]:
    """Return both sections.

    Parameters
    ----------
    names
        Profiles that the part is about.
    profiles, held
        By name, as far as they are known here.
    evidence
        By name: kinds of evidence for the best design, by share of its milliseconds.
    """
    missing = [name for name in names if name not in profiles]
    figure, coverage = held_figure(held), coverage_figure(evidence)
    predicted = Section(
        "predicted", "Predicted against measured", _words(names, held), figures=(figure,) if figure else ()
    )
    tables = (
        (error_table(profiles), choices_table(profiles), profiles_table(profiles, missing))
        if profiles
        else ()
    )
    gone = f"No longer installed, and so not described here: {', '.join(missing)}."
    return predicted, Section(
        "evidence",
        "How well each device is known",
        (gone,) if missing else (),
        figures=(coverage,) if coverage else (),
        tables=tables,
    )


def _words(names: Sequence[str], held: Mapping[str, Sequence[Held]]) -> tuple[str, ...]:
    unknown = [name for name in names if name not in held]
    empty = [name for name in names if name in held and not held[name]]
    words = []
    if unknown:
        words.append(
            f"Predictions of networks that were held out are not kept on this machine for {', '.join(unknown)}. "
            "`dsim device validate NAME` or `dsim report --held-out` finds them in minutes. The errors in the next section are those "
            "that come with each device."
        )
    if empty:
        words.append(
            f"On {', '.join(empty)}, no network can be held out: none was measured, or all are of one family."
        )
    return tuple(words)
