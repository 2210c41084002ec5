"""Search only the choices that the device's evidence can price; every other choice stays at its published value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from dsim.arch import Mixer
from dsim.latency.records import Identified
from dsim.search.result import NotIdentified
from dsim.search.space import Space

_Option = TypeVar("_Option")
_KINDS = {"activation": "activations", "norm": "norms", "stem": "stems"}
_MUST_BE_SHOWN = frozenset({"activation", "norm"})  # without a verdict these are not searched


def doubt_of(kind: str, one: object, other: object, contrasts: Mapping[str, Identified]) -> str:
    """Return why the evidence does not say what one option costs against another; empty where the choice may be made."""
    verdict = contrasts.get(f"{kind}:{one}>{other}")
    if verdict is not None:
        return "" if verdict.identified and not verdict.contradicted else verdict.why
    return "the profile has no evidence on it" if kind in _MUST_BE_SHOWN else ""


def keep_identified(
    space: Space, contrasts: Mapping[str, Identified]
) -> tuple[Space, tuple[NotIdentified, ...]]:
    """Drop the options whose price, compared with the first of their row, the evidence does not pin down.

    Parameters
    ----------
    contrasts
        Keys read ``"activation:gelu>relu"``: the kind of choice, the published value, the other one.

    Returns
    -------
    tuple
        The smaller space, and what was dropped with the reason.
    """
    dropped: list[NotIdentified] = []

    def sift(kind: str, row: tuple[_Option, ...], where: str = "") -> tuple[_Option, ...]:
        first, kept, gone, why = row[0], [row[0]], [], ""
        for option in row[1:]:
            if doubt := doubt_of(kind, first, option, contrasts):
                gone.append(str(option))
                why = why or doubt
            else:
                kept.append(option)
        if gone:
            dropped.append(NotIdentified(f"{kind}{where}", str(first), tuple(gone), why))
        return tuple(kept)

    rows = {name: sift(kind, getattr(space, name)) for kind, name in _KINDS.items()}
    if len(set(space.mixers)) == 1:  # one verdict serves all stages
        mixers: tuple[tuple[Mixer, ...], ...] = (sift("mixer", space.mixers[0]),) * 4
    else:
        mixers = tuple(sift("mixer", row, f" in stage {i}") for i, row in enumerate(space.mixers, 1))
    attentions = sift("attention", space.attentions)
    return space.fixed(**rows, mixers=mixers, attentions=attentions), tuple(dropped)
