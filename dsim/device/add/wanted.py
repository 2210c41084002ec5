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
        Names of networks whose files dsim wrote. Output of benchmark_model that says one of them, or a file that is called
        so, needs no ``--model``.
    """

    device: str = ""
    runtime: str = ""
    precision: str = ""
    skip_empty: bool = False
    known: tuple[str, ...] = ()
