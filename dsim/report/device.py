"""The list of device profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dsim.device import find_profile, list_profiles
from dsim.places import bundled_profiles_dir
from dsim.report.console import result_console, show_table
from dsim.report.table import table


@dataclass(frozen=True)
class ProfileLine:
    """One profile in the list.

    Attributes
    ----------
    name, title, runtime, precision, pool
        What it is, and which profiles it is learned with.
    networks
        Measured networks that count: each once, however many sources tell it.
    figures
        All figures, repeats included.
    where
        ``bundled`` or ``yours``.
    """

    name: str
    title: str
    runtime: str
    precision: str
    pool: str
    networks: int
    figures: int
    where: str

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
        counted = {row.network for row in profile.networks if row.counts}
        where = "bundled" if profile.folder.parent == bundled_profiles_dir() else "yours"
        lines.append(
            ProfileLine(
                profile.name,
                profile.title,
                profile.runtime,
                profile.precision,
                profile.pool,
                len(counted),
                len(profile.networks),
                where,
            )
        )
    return tuple(lines)


def show_profiles(lines: Sequence[ProfileLine]) -> None:
    """Print the list."""
    columns = ("name", "device", "runtime", "precision", "pool", "networks", "figures", "where")
    rows = [
        (x.name, x.title, x.runtime, x.precision, x.pool, str(x.networks), str(x.figures), x.where)
        for x in lines
    ]
    show_table(result_console(), table("Device profiles", columns, rows, numbers=("networks", "figures")))
