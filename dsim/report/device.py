"""The list of device profiles: grouped, with what each rests on and how far off it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dsim.device import find_profile, list_profiles
from dsim.device.batches import card_batch
from dsim.device.card import Card, evidence_hash, read_card
from dsim.places import bundled_profiles_dir
from dsim.report.console import result_console, show_table
from dsim.report.table import table


@dataclass(frozen=True)
class ProfileLine:
    """One profile in the list.

    Attributes
    ----------
    name, title, group, runtime, precision, measures, method, donor
        What it is, and how it is learned.
    batches
        Images in a run, of everything measured.
    networks, ops, figures
        Measured networks, each once; measured operators; all figures of networks, repeats included.
    where
        ``bundled`` or ``yours``.
    card
        What validation found; None where it was never validated, or the evidence has changed since.
    """

    name: str
    title: str
    group: str
    runtime: str
    precision: str
    measures: str
    batches: tuple[int, ...]
    method: str
    donor: str
    networks: int
    ops: int
    figures: int
    where: str
    card: Card | None

    def to_dict(self) -> dict[str, Any]:
        """Give plain values for JSON."""
        return asdict(self)


def profile_lines() -> tuple[ProfileLine, ...]:
    """Give every profile, by name.

    Raises
    ------
    FileFormatError
        A profile is broken.
    """
    lines = []
    for name in sorted(list_profiles()):
        profile = find_profile(name)
        card = read_card(profile.folder, card_batch(profile))
        lines.append(
            ProfileLine(
                profile.name,
                profile.title,
                profile.group,
                profile.runtime,
                profile.precision,
                profile.measures,
                profile.batches,
                profile.method,
                profile.donor,
                len({row.network for row in profile.networks if row.counts}),
                len(profile.ops),
                len(profile.networks),
                "bundled" if profile.folder.parent == bundled_profiles_dir() else "yours",
                card if card and card.content == evidence_hash(profile.folder) else None,
            )
        )
    return tuple(lines)


def show_profiles(lines: Sequence[ProfileLine]) -> None:
    """Print the list, a table a group."""
    console = result_console()
    columns = ("name", "networks", "ops", "median %", "within 20%", "tells apart", "else")
    for group in dict.fromkeys(line.group for line in sorted(lines, key=lambda line: line.group)):
        rows = [_row(line) for line in lines if line.group == group]
        show_table(console, table(group, columns, rows, numbers=columns[1:5]))


def _row(line: ProfileLine) -> tuple[str, ...]:
    name = line.name if line.where == "bundled" else f"{line.name} (yours)"
    evidence = (name, str(line.networks), str(line.ops))
    if line.card is None:
        return (*evidence, "-", "-", "not validated", f"from {line.donor}" if line.donor else "")
    card = line.card
    error = (
        ("-", "-") if math.isnan(card.median_error) else (f"{card.median_error:.1f}", f"{card.within_20:.0f}")
    )
    rest = f"inherits {options(card.inherited)} from {card.donor}" if card.inherited else ""
    return (*evidence, *error, options(card.identified) or "nothing", rest)


def options(choices: Sequence[str]) -> str:
    """Write ``kind:a>b`` pairs as the options of each kind: ``activation (gelu, relu), norm (batch, group)``."""
    found: dict[str, set[str]] = {}
    for choice in choices:
        kind, _, pair = choice.partition(":")
        found.setdefault(kind, set()).update(part for part in pair.split(">") if part)
    return ", ".join(f"{kind} ({', '.join(sorted(names))})" for kind, names in found.items())
