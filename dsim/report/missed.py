"""The designs that no evidence tells from the chosen one, and what a search may have missed, in sentences."""

from __future__ import annotations

import math

from dsim.search import StudyResult
from dsim.search.missed import Missed

SHOWN = 0.01  # points: a regret is rounded up to these


def alike_lines(result: StudyResult) -> tuple[tuple[str, str], ...]:
    """Return a heading and a sentence each; none in results of older versions, and where nothing fits."""
    out = []
    if (alike := result.alike) is not None:
        every = result.missed is not None and result.missed.at_most == 0.0
        count = f"{alike.mixes}{'' if every else ' or more'} combinations of block types hold"
        out.append(
            (
                "As good:",
                f"{'1 combination of block types holds' if every and alike.mixes == 1 else count} a design within "
                f"{alike.within:.2f} points, a tenth of the interval, which no evidence can tell apart: "
                f"{'; '.join(alike.families)}. Take the chosen one, for its lower end is the highest"
                f"{'' if every else '; another --seed may differ a little'}.",
            )
        )
    if (missed := result.missed) is not None:
        if missed.regret_at_most is not None:
            out.append(("Proved:", _proved(missed.regret_at_most)))
        if missed.regret_at_most is None or missed.regret_at_most > SHOWN:
            out.append(("May be missed:", _rare(missed)))
        if missed.worth is not None:
            out.append(
                (
                    "Worth knowing:",
                    f"if one knew what each of {missed.compared} designs reaches, another than the chosen one would be worth "
                    f"{missed.worth:.2f} points of top-1 on average. That is what training a few of them can gain.",
                )
            )
    return tuple(out)


def _rare(missed: Missed) -> str:
    """Say how rare a better combination is, and what is known within each."""
    rare = (
        "every combination was swept"
        if missed.at_most == 0.0
        else f"of {missed.drawn} combinations that were drawn evenly and swept alike none is better, so that at most "
        f"{missed.at_most:.1%} of all are, with 95% confidence"
        if missed.drawn
        else "no combination was drawn evenly, so that nothing is known of those that were not swept"
    )
    return f"{rare}. Within a combination nothing better differs on one or two of widths, depths and MLP ratios by one or two steps."


def _proved(regret: float) -> str:
    up = max(math.ceil(regret / SHOWN), 1) * SHOWN
    return (
        f"by these predictions, no design of the space that fits has a lower end more than {up:.2f} points above that of the best "
        "one found, whatever was swept."
    )
