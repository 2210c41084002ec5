"""Which of a file's figures are meant, where it holds several devices, runtimes or precisions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was chosen; empty where the file holds one only.

    Attributes
    ----------
    device, runtime, precision
        As the file names them.
    skip_empty
        A row of a network without a latency is one that was not timed, and not a fault.
    known
        What networks may be called, where dsim wrote their files: a file of benchmark_model whose network, or itself, is
        called so needs no other name.
    """

    device: str = ""
    runtime: str = ""
    precision: str = ""
    skip_empty: bool = False
    known: tuple[str, ...] = ()
