"""Sections on the profiles behind a part: predicted against measured, evidence and error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dsim.device import DeviceProfile
from dsim.latency.scoring import Held
from dsim.report.page.evidence import choices_table, coverage_figure, error_table, profiles_table
from dsim.report.page.held import held_figure
from dsim.report.page.parts import Section


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
    gone = f"No longer installed, and so without a card here: {', '.join(missing)}."
    return predicted, Section(
        "evidence",
        "Evidence and error of each profile",
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
            f"No held-out predictions are kept on this machine for {', '.join(unknown)}. They take minutes to find: "
            "`dsim device validate NAME`, or `dsim report --held-out`. Errors in the next section come from the cards."
        )
    if empty:
        words.append(f"No network was measured, or none can be left out, on {', '.join(empty)}.")
    return tuple(words)
