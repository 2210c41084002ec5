"""What things cost: multiply-accumulates of a sub-network, and amounts that add up."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Self

from dsim.arch import Arch
from dsim.arch.lower import Part, part_graph

TRAINING_FACTOR = 3  # a step backwards costs twice a step forwards


def macs(arch: Arch) -> int:
    """Return the multiply-accumulates of one image at the design's resolution; parts are counted once and kept."""
    return sum(part_macs(part) for _, part in arch.parts())


@lru_cache(maxsize=8192)
def part_macs(part: Part) -> int:
    """Return the multiply-accumulates of one part."""
    return part_graph(part).macs


@dataclass(frozen=True)
class Amounts:
    """What a stage of the work costs.

    Attributes
    ----------
    images
        Pictures shown, each time counted; in training, once a step, however many sub-networks see them.
    passes
        Times that a sub-network ran on a batch.
    macs
        Multiply-accumulates, a step backwards counted twice.
    evaluations
        Sub-networks that were evaluated.
    cpu_seconds
        Processor time of all cores together.
    gpu_seconds
        Time on the clock where a GPU did the work.
    """

    images: int = 0
    passes: int = 0
    macs: int = 0
    evaluations: int = 0
    cpu_seconds: float = 0.0
    gpu_seconds: float = 0.0

    def __add__(self, other: Self) -> Self:
        return type(self)(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})


@dataclass
class Clock:
    """Seconds of the processor, and on the clock."""

    cpu: float = 0.0
    wall: float = 0.0

    def __add__(self, other: Clock) -> Clock:
        return Clock(self.cpu + other.cpu, self.wall + other.wall)

    def __mul__(self, times: float) -> Clock:
        return Clock(times * self.cpu, times * self.wall)


@dataclass(frozen=True)
class TimeByMacs:
    """What one piece of work takes with any design: a line through two designs that were timed.

    A small design takes longer for each multiply-accumulate than a large one, so that one rate would not do.

    Attributes
    ----------
    low_macs, high_macs
        Multiply-accumulates of the cheapest and of the costliest, for one picture.
    low, high
        What the work takes with them.
    """

    low_macs: int
    low: Clock
    high_macs: int
    high: Clock

    def at(self, amount: float) -> Clock:
        """Return what it takes with a design of so many multiply-accumulates."""
        if self.high_macs <= self.low_macs:
            return self.low
        share = (amount - self.low_macs) / (self.high_macs - self.low_macs)
        return self.low * (1.0 - share) + self.high * share


@contextmanager
def timed() -> Iterator[Clock]:
    """Measure a block of code; the clock stands at 0 until it ends."""
    clock, cpu, wall = Clock(), time.process_time(), time.perf_counter()
    try:
        yield clock
    finally:
        clock.cpu, clock.wall = time.process_time() - cpu, time.perf_counter() - wall


def peak_gpu_memory_mb() -> float:
    """Return the most memory of a GPU that this process has held, in megabytes; 0 where it used none."""
    import torch  # deferred: books are read without it

    used: bool = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]  # torch leaves it without types
    return torch.cuda.max_memory_allocated() / 1e6 if used else 0.0


def peak_memory_mb() -> float:
    """Return the most memory that this process has held, in megabytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1e6 if sys.platform == "darwin" else 1e3)
