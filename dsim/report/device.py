"""The list of device profiles: one line each, with what it rests on and how far off it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dsim.device.card import Card, evidence_hash, read_card
from dsim.device.glance import Glance, counted, glances
from dsim.device.named import profiles_like
from dsim.errors import InvalidValueError, unknown_name
from dsim.places import bundled_profiles_dir
from dsim.report.console import result_console
from dsim.report.table import TableData, table


@dataclass(frozen=True)
class ProfileLine:
    """One profile in the list.

    Attributes
    ----------
    name, title, group, runtime, precision, measures, method, donor
        What it is, and how it is learned.
    soc, compute_unit, makers
        What runs it, and who made the chip or the phone.
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
    method: str
    donor: str
    soc: str
    compute_unit: str
    makers: tuple[str, ...]
    batches: tuple[int, ...]
    networks: int
    ops: int
    figures: int
    where: str
    card: Card | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


def profile_lines(text: str = "", group: str = "") -> tuple[ProfileLine, ...]:
    """List profiles by name. Nothing is learned, and no figure is read.

    Parameters
    ----------
    text
        Leaves those that it may mean; all where it is empty.
    group
        Leaves those of one group; all where it is empty.

    Raises
    ------
    UnknownNameError
        There is no such group.
    InvalidValueError
        No profile holds the text.
    FileFormatError
        A profile is broken.
    """
    every = glances()
    groups = {one.group for one in every}
    if group and group not in groups:
        raise unknown_name("group", group, groups)
    found = [one for one in every if not group or one.group == group]
    if text:
        among = found
        found = list(profiles_like(text, among))
        if not found:
            raise InvalidValueError(
                f"a filter must be words that a profile says of itself, got {text!r}, which none of {len(among)} does; "
                "shorten it, or leave it out to see all"
            )
    return tuple(_line(one) for one in found)


def _line(one: Glance) -> ProfileLine:
    card = read_card(one.folder)
    networks, figures, ops = counted(one.folder)
    return ProfileLine(
        one.name,
        one.title,
        one.group,
        one.runtime,
        one.precision,
        one.measures,
        one.method,
        one.donor,
        one.soc,
        one.compute_unit,
        one.makers,
        one.batches,
        networks,
        ops,
        figures,
        "bundled" if one.folder.parent == bundled_profiles_dir() else "yours",
        card if card and card.content == evidence_hash(one.folder) else None,
    )


MOST_TITLE = 60


def show_profiles(lines: Sequence[ProfileLine]) -> None:
    """Print the list, one line a profile, also where the terminal is narrow."""
    data = profiles_table(lines)
    widths = [max(len(row[n]) for row in (data.columns, *data.rows)) for n in range(len(data.columns))]
    console = result_console()
    for row in (data.columns, *data.rows):
        cells = [
            cell.rjust(width) if name in data.numbers else cell.ljust(width)
            for cell, name, width in zip(row, data.columns, widths, strict=True)
        ]
        console.out("  ".join(cells).rstrip(), highlight=False)
    console.print()
    console.print(data.note, markup=False, soft_wrap=True)


def profiles_table(lines: Sequence[ProfileLine]) -> TableData:
    """Make the list as a table: sorted by group and name."""
    columns = ("name", "networks", "ops", "median %", "within 20%", "group", "what")
    rows = [_row(line) for line in sorted(lines, key=lambda line: (line.group, line.name))]
    note = (
        f"{len(lines)} profiles. median %: error of networks whose family was held out. `dsim device show NAME` tells more, "
        "`--filter` and `--group` show fewer."
    )
    return table("Device profiles", columns, rows, numbers=columns[1:5], note=note)


def _row(line: ProfileLine) -> tuple[str, ...]:
    card = line.card
    error = ("-", "-")
    if card is not None and not math.isnan(card.median_error):
        error = (f"{card.median_error:.1f}", f"{card.within_20:.0f}")
    title = line.title if len(line.title) <= MOST_TITLE else f"{line.title[: MOST_TITLE - 1]}…"
    what = title if line.where == "bundled" else f"yours: {title}"
    return (line.name, str(line.networks), str(line.ops), *error, line.group, what)


def options(choices: Sequence[str]) -> str:
    """Write ``kind:a>b`` pairs as the options of each kind: ``activation (gelu, relu), norm (batch, group)``."""
    found: dict[str, set[str]] = {}
    for choice in choices:
        kind, _, pair = choice.partition(":")
        found.setdefault(kind, set()).update(part for part in pair.split(">") if part)
    return ", ".join(f"{kind} ({', '.join(sorted(names))})" for kind, names in found.items())
