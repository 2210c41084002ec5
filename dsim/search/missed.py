"""What a study found beside its one design: the designs that no evidence tells from it, and what the search may have missed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from dsim.search.mix import Mix
from dsim.search.space import Space
from dsim.search.table import Floats

PART = 0.1  # of the interval of top-1: a smaller difference no evidence can tell
SURE = 0.95  # confidence of what is said about mixes that were not swept
MOST_DRAWN = 100  # designs that are compared under draws

Values = tuple[
    tuple[int, ...], tuple[int, ...], tuple[float, ...]
]  # widths, depths and MLP ratios of a design


@dataclass(frozen=True)
class Alike:
    """The designs that are as good as the chosen one, as far as evidence can tell.

    Attributes
    ----------
    within
        Points of pessimistic top-1 by which they are lower at most: a tenth of the chosen design's interval.
    mixes
        Combinations of block types of which a design is among those found, the chosen one's included; there may be more.
    families
        What these designs have in common, in words, part by part.
    """

    within: float
    mixes: int
    families: tuple[str, ...]


@dataclass(frozen=True)
class Missed:
    """What the search may have missed.

    Attributes
    ----------
    drawn
        Combinations that were drawn evenly from all, and swept like the others; none of them is better than the chosen design.
    at_most
        Share of all combinations that can be better, with a confidence of 95%; 0 where all were swept.
    worth
        Points of top-1 that one would gain on average by another of the designs found, if one knew what each would reach; None
        where the model of accuracy has no draws.
    compared
        Designs that ``worth`` rests on.
    regret_at_most
        Points by which the lower end of any other design of the space that fits can be above that of the best one found, which
        is proved (`dsim.search.proof`); None where nothing is.
    """

    drawn: int
    at_most: float
    worth: float | None = None
    compared: int = 0
    regret_at_most: float | None = None


def rarer_than(drawn: int) -> float:
    """Return the share of combinations that can be better than the best, if none of so many even draws is.

    A share p stays unseen in n draws with a chance of (1 - p)^n; about 3 / n for 95%.
    """
    return 1.0 if drawn == 0 else float(1.0 - (1.0 - SURE) ** (1.0 / drawn))


def worth_of_knowing(draws: Floats) -> float:
    """Return by how much the best of designs beats the first on average, for joint draws (count, N) of their top-1."""
    return float(np.mean(draws.max(axis=1) - draws[:, 0]))


def families(space: Space, designs: Sequence[tuple[Mix, Values]]) -> tuple[str, ...]:
    """Say what designs have in common, part by part; what takes every option of the space does not matter."""
    mixes = [mix for mix, _ in designs]
    stems = {str(mix.stem) for mix in mixes}
    said = [
        "the stem does not matter" if _any(stems, space.stems) else f"stem {' or '.join(sorted(stems))}",
    ]
    for stage in range(4):
        plain = {values[1][stage] - mix.attention_in(stage) for mix, values in designs}
        mixers = {str(mix.mixers[stage]) for mix in mixes}
        kind = "of any mixer" if _any(mixers, space.mixers[stage]) else " or ".join(sorted(mixers))
        widths = {values[0][stage] for _, values in designs}
        text = f"stage {stage + 1}: {_span(plain)} {kind}, {_span(widths)} wide"
        counts = {mix.attention_in(stage) for mix in mixes}
        if counts != {0}:
            kinds = {str(mix.attention) for mix in mixes if mix.attention_in(stage)}
            text += f", then {_span(counts)} {' or '.join(sorted(kinds))}"
        said.append(text)
    for name, row in (("activation", space.activations), ("norm", space.norms)):
        found = {str(getattr(mix, name)) for mix in mixes}
        if len(row) > 1:
            said.append(
                f"the {name} does not matter" if _any(found, row) else f"{name} {' or '.join(sorted(found))}"
            )
    return tuple(said)


def _any(found: set[str], row: Iterable[object]) -> bool:
    options = {str(option) for option in row}
    return len(options) > 1 and found == options


def _span(values: set[int]) -> str:
    low, high = min(values), max(values)
    return str(low) if low == high else f"{low} to {high}"
