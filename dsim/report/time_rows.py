"""Where an estimate's time goes, block by block: when each kernel begins and ends, if they run one after the other."""

from __future__ import annotations

from dataclasses import dataclass

from dsim.latency import LatencyEstimate
from dsim.latency.records import FIXED
from dsim.rounding import without_rounding

MOST_ROWS = 48  # more do not fit a screen: then blocks go by fewer parts of their paths


@dataclass(frozen=True)
class TimeBar:
    """One kernel: its operator, its milliseconds, and what its price rests on (empty for the fixed time)."""

    kind: str
    start_ms: float
    end_ms: float
    evidence: str = ""

    @property
    def ms(self) -> float:
        """Milliseconds that it takes."""
        return self.end_ms - self.start_ms


@dataclass(frozen=True)
class TimeRow:
    """One block of a network, and its kernels in order of running."""

    name: str
    bars: tuple[TimeBar, ...]

    @property
    def ms(self) -> float:
        """Milliseconds that it takes."""
        return sum(bar.ms for bar in self.bars)


def time_rows(answer: LatencyEstimate) -> tuple[TimeRow, ...]:
    """Return the blocks of a network in order of running, the fixed time last.

    Blocks are named by the paths of their modules, cut so that at most MOST_ROWS are left.
    """
    scopes = [kernel.scope.split(".") for kernel in answer.kernels]
    deepest = max((len(scope) for scope in scopes), default=1)
    for depth in range(min(deepest, 4), 0, -1):
        names = [".".join(scope[:depth]) or "-" for scope in scopes]
        if len(set(names)) < MOST_ROWS:
            break
    bars: dict[str, list[TimeBar]] = {}
    at = 0.0
    for name, kernel in zip(names if scopes else (), answer.kernels, strict=True):
        bar = TimeBar(kernel.kind, at, at + kernel.latency_ms, str(kernel.evidence))
        bars.setdefault(name, []).append(bar)
        at = bar.end_ms
    rows = [TimeRow(name, tuple(own)) for name, own in bars.items()]
    if fixed_ms := without_rounding(answer.fixed_ms, answer.latency_ms):
        rows.append(TimeRow(FIXED, (TimeBar(FIXED, at, at + fixed_ms),)))
    return tuple(rows)
