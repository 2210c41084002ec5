"""The forms in which a design can leave dsim."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from dsim.arch import Arch
from dsim.errors import unknown_name
from dsim.export.torch_export import write_torch


class Exporter(Protocol):
    """What writes a design in one form."""

    def __call__(
        self, arch: Arch, folder: str | Path, *, name: str | None = None, notes: Sequence[str] = ()
    ) -> tuple[Path, ...]:
        """Write the files and give their paths."""


TARGETS: dict[str, Exporter] = {"torch": write_torch}


def export(
    arch: Arch, folder: str | Path, to: str = "torch", *, name: str | None = None, notes: Sequence[str] = ()
) -> tuple[Path, ...]:
    """Write a design in a form that other programs read.

    Parameters
    ----------
    arch
        The design.
    folder
        Where the files go; it is made if need be.
    to
        The form; ``"torch"`` gives ``model.py``, ``arch.json`` and ``README.md``.
    name
        What the files call it; by default the preset's name or the start of the design's hash.
    notes
        Lines for the README, such as an estimated latency.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    UnknownNameError
        There is no such form.
    FileAccessError
        The folder cannot be written, or holds somebody else's files of these names.
    """
    if to not in TARGETS:
        raise unknown_name("export form", to, TARGETS)
    return TARGETS[to](arch, folder, name=name, notes=notes)
