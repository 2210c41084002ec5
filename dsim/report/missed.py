"""The designs that no evidence tells from the chosen one, and what a search may have missed, in sentences."""

from __future__ import annotations

import math

from dsim.search import StudyResult

SHOWN = 0.01  # points: a regret is rounded up to these


def alike_lines(result: StudyResult) -> tuple[tuple[str, str], ...]:
    """Return a heading and a sentence each; none in results of older versions, and where nothing fits."""
    out = []
    if (alike := result.alike) is not None:
        other = f"{alike.mixes} of {result.cost.mixes} combinations of block types hold a design within {alike.within:.2f} points"
        out.append(
            (
                "As good:",
                f"{other}, a tenth of the interval, which no evidence can tell apart: {'; '.join(alike.families)}. Take the "
                "chosen one, for its lower end is the highest; another --seed may choose another of them.",
            )
        )
    if (missed := result.missed) is not None:
        if missed.regret_at_most is not None:
            out.append(("Proved:", _proved(missed.regret_at_most)))
        rare = (
            "every combination was swept"
            if missed.at_most == 0.0
            else f"of {missed.drawn} combinations that were drawn evenly and swept alike none is better, so that at most "
            f"{missed.at_most:.1%} of all are, with 95% confidence"
            if missed.drawn
            else "no combination was drawn evenly, so that nothing is known of those that were not swept"
        )
        out.append(
            (
                "May be missed:",
                f"{rare}. Within a combination nothing better differs on one or two of widths, depths and MLP ratios by one or "
                "two steps.",
            )
        )
        if missed.worth is not None:
            out.append(
                (
                    "Worth knowing:",
                    f"if one knew what each of {missed.compared} designs reaches, another than the chosen one would be worth "
                    f"{missed.worth:.2f} points of top-1 on average. That is what training a few of them can gain.",
                )
            )
    return tuple(out)


def _proved(regret: float) -> str:
    best = "the best one found, whatever was swept"
    if regret < SHOWN:
        return f"no design of the space that fits has a higher lower end than {best}."
    up = f"{math.ceil(regret / SHOWN) * SHOWN:.2f}"
    return f"no design of the space that fits has a lower end more than {up} points above that of {best}."
