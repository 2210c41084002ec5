"""The list of device profiles, with what each rests on and how far off it is."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dsim.device.card import Card, evidence_hash, read_card, why_rough
from dsim.device.closest import LONGEST
from dsim.device.glance import Glance, counted, glances, makers_of
from dsim.device.named import profiles_like, unknown_device
from dsim.device.tells import tells_apart
from dsim.errors import unknown_name
from dsim.places import bundled_profiles_dir
from dsim.report.console import result_console, show_table, show_text
from dsim.report.glossary import cores_glossary
from dsim.report.layout import HELD
from dsim.report.table import TableData, table


@dataclass(frozen=True)
class ProfileLine:
    """One profile in the list.

    Attributes
    ----------
    name, title, group, runtime, precision, measures, method, donor
        What it is, and how it is learned.
    soc, compute_unit, makers, models
        What runs it, who made the chip or the phone, and the phones or machines that its figures are of.
    batches
        Images in a run, of everything measured.
    networks, ops, figures
        Measured networks, each once; measured operators; all figures of networks, repeats included.
    where
        ``bundled`` or ``yours``.
    card
        What validation found; None where it was never validated, or the evidence has changed since.
    tells_apart
        What contrasts of grade A tell apart there: ``activation``, ``norm``, ``form`` ...
    rough
        Why it is rough; empty elsewhere.
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
    models: tuple[str, ...]
    batches: tuple[int, ...]
    networks: int
    ops: int
    figures: int
    where: str
    card: Card | None
    tells_apart: tuple[str, ...]
    rough: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


def profile_lines(text: str = "", group: str = "") -> tuple[ProfileLine, ...]:
    """List profiles by name, without those that cannot be read (`dsim.device.glance.unreadable`). Nothing is learned, and no figure is read.

    Parameters
    ----------
    text
        Leaves those that it may mean; all where it is empty.
    group
        Leaves those of one group; all where it is empty.

    Raises
    ------
    UnknownNameError
        There is no such group, or no profile holds the text.
    FileFormatError
        A profile's card is broken.
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
            raise unknown_device(text, among)
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
        one.models,
        one.batches,
        networks,
        ops,
        figures,
        "bundled" if one.folder.parent == bundled_profiles_dir() else "yours",
        card if card and card.content == evidence_hash(one.folder) else None,
        tells_apart(one),
        why_rough(one.rough, one.folder),
    )


GROUPS = {
    "boards": "Boards, modules and older phones, each from one published source",
    "apple-ne": "Apple Neural Engines, timed operator by operator",
    "desktop": "Desktop CPUs and GPUs",
    "iphone": "iPhones, Core ML",
    "measured": "Machines timed with dsim measure",
    "one-table": "Other phones and boards, each from one published table",
    "phone-cpu": "Phone CPUs",
    "phone-gpu": "Phone GPUs",
    "snapdragon-npu": "Snapdragon NPUs",
    "user": "Your own, from measurements that you gave",
}


_APART = "Tells apart: what contrasts of grade A, one change timed together, tell the cost of. "


def show_profiles(lines: Sequence[ProfileLine]) -> None:
    """Print the list, a table for each group."""
    console = result_console()
    for group in sorted({line.group for line in lines}):
        show_table(console, profiles_table(group, [line for line in lines if line.group == group]))
    show_text(
        console,
        f"Profiles: {len(lines)}. Networks: how many were measured; ops where operators were timed instead. Error: median over "
        "those that were timed in the way that predictions are for, each predicted without its family. "
        + (_APART if any(line.tells_apart for line in lines) else "")
        + (f"{cores} " if (cores := cores_glossary(" ".join(line.name for line in lines))) else "")
        + "`dsim device show NAME` tells more of one; words after `dsim device "
        "list`, and --group, show fewer.",
    )


YOURS, OTHERS = "yours", "others"  # beside the makers


def show_makers(lines: Sequence[ProfileLine]) -> None:
    """Print the devices of each maker, and how many profiles they have; the user's own first."""
    console = result_console()
    show_table(console, makers_table(lines))
    show_text(
        console,
        f"Count: of profiles, one for each runtime, unit and precision of a device; {len(lines)} in all. `dsim device list apple` lists "
        "those of a maker or phone, --all every one.",
    )


def makers_table(lines: Sequence[ProfileLine]) -> TableData:
    """Return the table of makers, with the devices that have profiles."""
    rows: dict[str, list[ProfileLine]] = {}
    for line in lines:
        rows.setdefault(_maker(line), []).append(line)
    order = sorted(rows, key=lambda maker: (maker != YOURS, maker == OTHERS, maker))
    cells = [(maker, str(len(rows[maker])), _devices(maker, rows[maker])) for maker in order]
    return table("", ("maker", "count", "devices"), cells, numbers=("count",))


def _maker(line: ProfileLine) -> str:
    """Return who made the device; what its title begins with says so, for a phone has its chip's maker too."""
    if line.where != "bundled":
        return YOURS
    return next(iter(makers_of(_called(line.title))), OTHERS)


def _devices(maker: str, lines: Sequence[ProfileLine]) -> str:
    """Name devices as people call them, each once, by their numbers, and none broken over lines."""
    if maker == YOURS:
        return ", ".join(line.name for line in lines)
    names = {
        _called(name).removeprefix(f"{maker} ")
        for line in lines
        for name in (
            *(name for name in line.models if len(name) <= LONGEST),
            *((line.title,) if not line.models else ()),
        )
    }
    names |= {
        _called(line.title).removeprefix(f"{maker} ")
        for line in lines
        if min(map(len, line.models), default=0) > LONGEST
    }
    return ", ".join(name.replace(" ", HELD) for name in sorted(names, key=_by_number))


def _by_number(name: str) -> tuple[str, int, str]:
    """Sort as people count: iPhone 7 before iPhone 12."""
    found = re.match(r"(\D*)(\d*)", name)
    word, number = found.groups() if found else (name, "")
    return word.lower(), int(number or 0), name


def _called(title: str) -> str:
    """Return what a title calls the device, without its chip, unit, runtime and precision."""
    return re.sub(r"\s(CPU|GPU)$", "", re.sub(r"\s*\(.*?\)", "", title.split(",", maxsplit=1)[0]).strip())


def profiles_table(group: str, lines: Sequence[ProfileLine]) -> TableData:
    """Return the table of one group, sorted by name."""
    told = any(line.tells_apart for line in lines)  # a column without an entry would only take room
    columns = ("name", "networks", "error %", *(("tells apart",) if told else ()), "device")
    rows = [_row(line, told) for line in sorted(lines, key=lambda line: line.name)]
    title = f"{GROUPS[group]} (--group {group})" if group in GROUPS else group
    return table(title, columns, rows, numbers=columns[1:3])


def _row(line: ProfileLine, told: bool) -> tuple[str, ...]:
    known = line.card is not None and not math.isnan(line.card.median_error)
    error = f"{line.card.median_error:.1f}" if line.card and known else "-"
    what = line.title if line.where == "bundled" else f"yours: {line.title}"
    what = f"rough: {what}" if line.rough else what
    measured = str(line.networks) if line.networks else f"{line.ops} ops"
    tells = (", ".join(line.tells_apart) or "-",) if told else ()
    return (line.name, measured, error, *tells, what)
