"""What validation says of one profile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dsim.device.card import Card, evidence_hash
from dsim.device.find import find_profile
from dsim.latency.fit import load_model
from dsim.latency.hold_out import clean, held_operators, held_out
from dsim.latency.records import Identified
from dsim.latency.scoring import Held, Score, score

LEAST = 3  # networks that a score needs


@dataclass(frozen=True)
class ProfileSummary:
    """One profile's held-out networks and the card made of them.

    Attributes
    ----------
    device, group
        Name of the profile and the heading it stands under.
    card
        What is written beside the evidence.
    networks
        Every held-out network.
    """

    device: str
    group: str
    card: Card
    networks: tuple[Held, ...]


def summarise(device: str) -> ProfileSummary:
    """Validate one profile.

    Raises
    ------
    UnknownNameError
        There is no such profile.
    FileFormatError
        Its files break a rule.
    """
    profile = find_profile(device)
    networks = held_out(device)
    judged = clean(networks)
    # operators alone are judged one by one, each with its shape held out
    scored = judged if networks else list(held_operators(device))
    found = score(scored) if len(scored) >= LEAST else None
    identified, inherited, cannot = sort_choices(load_model(device).choices, bool(profile.donor))
    for kind in ("mixer", "stem"):
        measured = tuple(sorted({c.choice for c in profile.contrasts if c.choice.startswith(f"{kind}:")}))
        identified, cannot = identified + measured, cannot + (() if measured else (kind,))
    figures = [round(value, 2) for value in _figures(found)]
    card = Card(
        content=evidence_hash(profile.folder),
        method=profile.method,
        donor=profile.donor,
        networks=len(judged),
        families=len({held.family for held in judged}),
        ops=len(profile.ops),
        cliffs=len({held.graph for held in networks if held.cliff}),
        median_error=figures[0],
        within_10=figures[1],
        within_20=figures[2],
        spearman=figures[3],
        coverage=figures[4],
        width=figures[5],
        identified=identified,
        inherited=inherited,
        cannot_tell=cannot,
    )
    return ProfileSummary(device, profile.group, card, networks)


def _figures(found: Score | None) -> tuple[float, ...]:
    if found is None:
        return (float("nan"),) * 6
    return (
        found.median,
        found.within_10,
        found.within_20,
        found.spearman,
        found.coverage,
        found.width,
    )


def sort_choices(
    choices: Iterable[Identified], adapted: bool
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Sort pairs of options, each once, into those told apart here, inherited from a donor, and told by nothing."""
    once: dict[tuple[str, frozenset[str]], Identified] = {}
    for item in choices:
        kind, _, pair = item.choice.partition(":")
        once.setdefault((kind, frozenset(pair.split(">"))), item)
    known = tuple(item.choice for item in once.values() if item.identified)
    rest = tuple(item.choice for item in once.values() if not item.identified)
    return (known, rest, ()) if adapted else (known, (), rest)
