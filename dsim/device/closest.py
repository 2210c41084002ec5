"""What a user may have meant by a device that is not there: the nearest names, of profiles or as people call devices."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from dsim.device.glance import Glance, makers_of

MOST = 5
SAME_NAME, SAME_WORD = (
    0.85,
    0.75,
)  # how alike two names or words are, from 0 to 1, where one is a slip of the other
LONGEST = 30  # letters of what people call a device; longer ones are descriptions
ENOUGH = 0.5  # share of the letters asked for that a name must have

Token = tuple[str, int | None]  # a word, and the number that stands behind it


def closest(text: str, among: Sequence[Glance]) -> tuple[str, ...]:
    """Return at most `MOST` names that are close to a text, the closest first; none where nothing is like it.

    A slip in a profile's name counts before all; then devices that share words with the text, those with the nearest
    number first (Pixel 6 for Pixel 5); then devices of the same maker.
    """
    plain = {"".join(re.findall(r"[a-z0-9]+", one.name.lower())): one.name for one in among}
    typed = "".join(re.findall(r"[a-z0-9]+", text.lower()))
    slips = [plain[near] for near in difflib.get_close_matches(typed, plain, n=MOST, cutoff=SAME_NAME)]
    wanted = _tokens(text)
    if slips:
        best = {
            name: difflib.SequenceMatcher(None, typed, near).ratio()
            for near, name in plain.items()
            if name in slips
        }
        return tuple(sorted(slips, key=lambda name: (-best[name], _far(wanted, _tokens(name)) or (0, 0.0))))
    called = sorted(
        {name for one in among for name in (*one.models, one.soc, one.chip) if 0 < len(name) <= LONGEST}
    )
    apart = {name: far for name in called if (far := _far(wanted, _tokens(name))) is not None}
    near = sorted(apart, key=lambda name: (apart[name], len(name), name))
    if not near:
        makers = set(makers_of(text))
        ours = [one for one in among if makers & set(one.makers)]
        near = [next((name for name in one.models if len(name) <= LONGEST), one.name) for one in ours]
    return tuple(_once(near))[:MOST]


def _once(names: Iterable[str]) -> list[str]:
    """Drop names that differ from one before in case, hyphens and spaces alone."""
    seen: dict[str, str] = {}
    for name in names:
        seen.setdefault("".join(re.findall(r"[a-z0-9]+", name.lower())), name)
    return list(seen.values())


@lru_cache(maxsize=1024)
def _tokens(text: str) -> tuple[Token, ...]:
    found = re.findall(r"([a-z]+)[\s_-]*(\d+)?", text.lower())
    return tuple((word, int(number) if number else None) for word, number in found)


def _far(wanted: Sequence[Token], have: Sequence[Token]) -> tuple[float, float] | None:
    """Return how far a name is from what is wanted: letters that it lacks, then its numbers; None where it is not like it."""
    letters = sum(len(word) for word, _ in wanted)
    shared, apart = 0, 0.0
    for word, number in wanted:
        like = [other for other in have if _alike((word, number), other)]
        if like:
            shared += len(word)
            apart += min(abs((number or 0) - (other or 0)) for _, other in like)
    if not letters or shared < ENOUGH * letters:
        return None
    return letters - shared, apart


def _alike(wanted: Token, have: Token) -> bool:
    """Return whether two words are one, or nearly; a single letter says little, so that its number must be as long."""
    (word, number), (other, its) = wanted, have
    if len(word) == 1:
        return word == other and number is not None and its is not None and len(str(number)) == len(str(its))
    return difflib.SequenceMatcher(None, word, other).ratio() >= SAME_WORD
