"""What a network may be called: the key of a stored graph, or its name in timm, torchvision, AI Hub or a published table.

``dsim/data/names.csv`` holds the names (lab/curate/names.py). A name without a side stands for the side at which its
own library runs the network; where libraries differ, or dsim has no graph at that side, the side has to be said.
"""

from __future__ import annotations

import csv
import difflib
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dsim.device.add.aihub_names import aihub_names
from dsim.errors import UnknownNameError
from dsim.graph.key import split_key
from dsim.latency.networks import shared_keys

FILE = Path(__file__).resolve().parents[1] / "data" / "names.csv"
# what may stand before a colon, and what keys of that source begin with
SOURCES = {
    "timm": "",
    "torchvision": "tv-",
    "pytorchcv": "cv-",
    "transformers": "hf-",
    "aihub": "",
    "published": "",
}
NEAR = 3


@dataclass(frozen=True)
class Names:
    """All names.

    Attributes
    ----------
    of_source
        Keys by source and plain name; a key may name a side that is not stored.
    written
        Every name as its source writes it, by key: ``timm:resnet50``.
    sides
        Stored sides by name without side.
    """

    of_source: dict[str, dict[str, str]]
    written: dict[str, tuple[str, ...]]
    sides: dict[str, tuple[int, ...]]


def plain(name: str) -> str:
    """Return a name's letters and digits, and a plus where it has one: sources differ in all else."""
    return re.sub(r"[^a-z0-9+]", "", name.lower())


@lru_cache(maxsize=1)
def names() -> Names:
    """Read all names."""
    of_source: dict[str, dict[str, str]] = {source: {} for source in SOURCES}
    written: dict[str, list[str]] = defaultdict(list)
    sides: dict[str, list[int]] = defaultdict(list)
    with FILE.open(newline="", encoding="utf-8") as file:
        rows = [(row["source"], row["name"], row["key"]) for row in csv.DictReader(file)]
    rows += [("aihub", name, key) for name, key in aihub_names().items()]
    for key in sorted(shared_keys()):
        stem, side = split_key(key)
        sides[plain(stem)].append(int(side))
        for source in ("torchvision", "pytorchcv", "transformers"):
            if stem.startswith(SOURCES[source]):
                rows.append((source, stem.removeprefix(SOURCES[source]), key))
    for source, name, key in dict.fromkeys(rows):
        of_source[source][plain(name)] = key
        if key in shared_keys():
            written[key].append(f"{source}:{name}" if source != "published" else name)
    return Names(
        of_source,
        {key: tuple(found) for key, found in written.items()},
        {name: tuple(sorted(found)) for name, found in sides.items()},
    )


def names_of(key: str) -> tuple[str, ...]:
    """Return every name that stands for a stored network and no other: its key first."""
    every = dict.fromkeys((key, split_key(key)[0], *names().written.get(key, ())))
    return tuple(name for name in every if _stands_for(name, key))


def _stands_for(name: str, key: str) -> bool:
    try:
        return find_key(name) == key
    except UnknownNameError:  # several networks, or several sides
        return False


def find_key(name: str) -> str:
    """Return the key of the stored network that a name stands for.

    Parameters
    ----------
    name
        ``resnet50@224``, ``resnet50``, ``timm:resnet50``, ``torchvision:resnet50@224``, ``timm:resnet50.a1_in1k``, or what
        AI Hub or a published table calls it. Capitals, hyphens, underscores and blanks do not matter.

    Raises
    ------
    UnknownNameError
        Nothing stored has this name, or it stands for several sides; the message lists the choices.
    """
    text = name.strip()
    if text in shared_keys():
        return text
    source, colon, rest = text.rpartition(":")
    if colon and source.strip().lower() not in SOURCES:
        raise UnknownNameError(
            f"network {text[:80]!r}: a source must be one of {', '.join(SOURCES)}, got {source[:40]!r}; "
            "correct it, or leave it out"
        )
    stem, side = split_key(rest)
    sources = (source.strip().lower(),) if colon else tuple(SOURCES)
    found = list(dict.fromkeys(key for one in sources if (key := _of(one, stem.strip()))))
    if colon and source.strip().lower() == "timm" and not found and plain(stem) in names().sides:
        found = [f"{_stem(stem)}@?"]
    elif not colon and plain(stem) in names().sides:
        own = [key for key in found if plain(split_key(key)[0]) == plain(stem)]
        found = own or [f"{_stem(stem)}@?"]
    return _at(found, side.strip(), text)


def _of(source: str, stem: str) -> str:
    """Return the key that a source's name stands for, empty for none; a tag of timm's that asks for no other side is let go."""
    own = names().of_source[source]
    return own.get(plain(stem), own.get(plain(stem.partition(".")[0]), "") if source == "timm" else "")


def _stem(stem: str) -> str:
    """Return a stored name as it is written."""
    return next(split_key(key)[0] for key in sorted(shared_keys()) if plain(split_key(key)[0]) == plain(stem))


def _at(found: list[str], side: str, text: str) -> str:
    """Choose among keys by the side that was asked for."""
    stems = list(dict.fromkeys(split_key(key)[0] for key in found))
    if side:
        keys = [f"{stem}@{side}" for stem in stems]
        stored = [key for key in keys if key in shared_keys()]
        if stored:
            return stored[0]
    elif len(found) == 1 and found[0] in shared_keys():
        return found[0]
    elif len(found) == 1 and found[0].endswith("?") and len(names().sides[plain(stems[0])]) == 1:
        return f"{stems[0]}@{names().sides[plain(stems[0])][0]}"
    choices = [f"{stem}@{one}" for stem in stems for one in names().sides.get(plain(stem), ())]
    if not choices:
        near = difflib.get_close_matches(text, _spoken(), n=NEAR, cutoff=0.3)
        raise UnknownNameError(
            f"network {text[:80]!r} is not known; `dsim device networks --filter` lists those that are"
            + (f"; near: {', '.join(near)}" if near else "")
        )
    why = f"has no graph here at side {side[:20]}" if side else _why(found)
    raise UnknownNameError(f"network {text[:80]!r} {why}; name one of {', '.join(choices[:12])}")


def _why(found: list[str]) -> str:
    own = [split_key(key)[1] for key in found if not key.endswith("?")]
    if len(own) > 1:
        return f"runs at {' or '.join(own)} pixels, by who made it"
    return f"runs at {own[0]} pixels, and has no graph here at that side" if own else "needs its input side"


@lru_cache(maxsize=1)
def _spoken() -> tuple[str, ...]:
    stems = {split_key(key)[0] for key in shared_keys()}
    return (
        *sorted(shared_keys()),
        *sorted(stems),
        *sorted({n for own in names().written.values() for n in own}),
    )
