"""Choices between options of a block, in words."""

from __future__ import annotations

from collections.abc import Sequence

SEARCHED = (
    "Of activations and norms, a search tries only what the device's own measurements tell, and leaves the others as published; "
    "mixers and stems it tries in any case."
)


def choice_words(choices: Sequence[str]) -> str:
    """Write choices (``activation:gelu>relu``) as words, each pair once whichever way round it stands."""
    found: dict[tuple[str, frozenset[str]], str] = {}
    for choice in choices:
        kind, _, pair = choice.partition(":")
        words = f"{kind} {pair.replace('>', ' against ')}" if pair else f"any two {kind}s"
        found.setdefault((kind, frozenset(pair.split(">"))), words)
    return ", ".join(found.values())
