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
            verdict = contrasts.get(f"{kind}:{first}>{option}")
            allowed = (
                verdict.identified and not verdict.contradicted
                if verdict is not None
                else kind not in _MUST_BE_SHOWN
            )
            if allowed:
                kept.append(option)
            else:
                gone.append(str(option))
                why = why or (verdict.why if verdict is not None else "the profile has no evidence on it")
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
