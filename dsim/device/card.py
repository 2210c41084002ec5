"""A profile's card: what validation found, written beside the evidence it was found on."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from dsim.device.fields import read_text
from dsim.device.folders import list_profiles
from dsim.errors import FileFormatError
from dsim.files import write_atomic
from dsim.records import from_toml, to_toml

NAME = "card.toml"
MOST_ERROR = 30.0  # percent; a profile that is further off as a median is rough
_EVIDENCE = ("profile.toml", "networks.csv", "contrasts.csv", "ops.parquet", "graphs.parquet")


@dataclass(frozen=True)
class Card:
    """What validation found of one profile.

    Attributes
    ----------
    content
        Hash of the evidence that it was found on.
    method, donor
        How the profile is learned, and from whom.
    networks, families, ops, cliffs
        How many networks were held out, of how many families; measured operators; networks that left the accelerator.
    median_error, within_10, within_20, spearman
        Of held-out networks without cliffs inside the profile's resolutions; percent, and a rank correlation.
    coverage, width
        Share of them inside their 90% interval, percent, and the median of its high end over its low one.
    identified, inherited, cannot_tell
        Choices that its own evidence tells apart, that come with its pool or donor, and that nothing tells.
    """

    content: str
    method: str
    donor: str
    networks: int
    families: int
    ops: int
    cliffs: int
    median_error: float
    within_10: float
    within_20: float
    spearman: float
    coverage: float
    width: float
    identified: tuple[str, ...]
    inherited: tuple[str, ...]
    cannot_tell: tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """Choices of one profile by which measurements tell what they cost.

    A search varies only what the profile's own measurements tell; mixers and stems it varies in any case.

    Attributes
    ----------
    own
        Told by its own measurements.
    donor
        Told by those of its donor alone: another chip, whose prices stand in for its own.
    nothing
        Told by neither.
    """

    own: tuple[str, ...]
    donor: tuple[str, ...]
    nothing: tuple[str, ...]


def told_by(card: Card) -> Told:
    """Sort a profile's choices; where its donor has no card, what it takes from there counts as told by nothing."""
    folder = list_profiles().get(card.donor)
    donor = read_card(folder) if folder else None
    known = set(map(_pair, donor.identified)) if donor else set()
    there = tuple(choice for choice in card.inherited if _pair(choice) in known)
    neither = tuple(choice for choice in card.inherited if choice not in there)
    return Told(card.identified, there, neither + card.cannot_tell)


def _pair(choice: str) -> tuple[str, frozenset[str]]:
    """Return a choice (``activation:gelu>relu``) whichever way round it stands."""
    kind, _, options = choice.partition(":")
    return kind, frozenset(options.split(">"))


def evidence_hash(folder: Path) -> str:
    """Hash a profile's evidence: 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for name in _EVIDENCE:
        path = folder / name
        if path.exists():
            digest.update(f"{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def why_rough(stated: str, folder: Path) -> str:
    """Say why a profile sets no budget unless asked to; empty where it may set one.

    Parameters
    ----------
    stated
        What its profile.toml says of that.
    folder
        The profile's. A card with a median held-out error above MOST_ERROR makes it rough.
    """
    try:
        card = None if stated else read_card(folder)
    except FileFormatError:  # whoever shows or remakes the card says what is wrong with it
        return stated
    if card is None or not card.median_error > MOST_ERROR:  # an error that is not a number is not known
        return stated
    of = f"{card.networks} networks of {card.families} families" if card.networks else f"{card.ops} operators"
    return f"{of}, and a median held-out error of {card.median_error:.0f}%"


def card_file(batch: int | None = None) -> str:
    """Return the name of a card's file: the smallest batch's, or with a number that of another one of the profile."""
    return NAME if batch is None else f"card-batch{batch}.toml"


def is_card(name: str) -> bool:
    """Return whether a file of a profile's folder is a card."""
    return bool(re.fullmatch(r"card(-batch\d+)?\.toml", name))


def write_card(folder: Path, card: Card, batch: int | None = None) -> None:
    """Write a card into a profile's folder; ``batch`` for one that is not the profile's smallest."""
    write_atomic(folder / card_file(batch), "# written by `dsim device validate`\n" + to_toml(card))


def read_card(folder: Path, batch: int | None = None) -> Card | None:
    """Read a profile's card, ``batch`` as for `write_card`; None where it was never validated.

    Raises
    ------
    FileFormatError
        The file is not a card.
    """
    path = folder / card_file(batch)
    if not path.exists():
        return None
    return from_toml(Card, read_text(path), str(path), f"run: dsim device validate {folder.name}")
