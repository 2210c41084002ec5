"""Choices between options of a block, in words."""

from __future__ import annotations

from collections.abc import Sequence


def choice_words(choices: Sequence[str]) -> str:
    """Write choices (``activation:gelu>relu``) as words, each pair once whichever way round it stands."""
    found: dict[tuple[str, frozenset[str]], str] = {}
    for choice in choices:
        kind, _, pair = choice.partition(":")
        words = f"{kind} {pair.replace('>', ' against ')}" if pair else f"any two {kind}s"
        found.setdefault((kind, frozenset(pair.split(">"))), words)
    return ", ".join(found.values())
