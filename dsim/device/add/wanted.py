"""Which of a file's figures are meant, where it holds several devices, runtimes or precisions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was chosen; empty where the file holds one only."""

    device: str = ""
    runtime: str = ""
    precision: str = ""
