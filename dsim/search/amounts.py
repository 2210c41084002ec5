"""What a design takes beside time, as columns that add up over its pieces; and whether that is within limits.

Parameters and multiply-accumulates are sums. What activations take at once is the most that one piece takes: between two
pieces lies one tensor alone. So each place of a design has a column of its own, which sums leave as it is, and the pieces of one
place are joined by their maximum. Of a backbone, the maps of earlier stages are held too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dsim.device.number_bytes import NumberBytes, number_bytes
from dsim.device.profile import DeviceProfile
from dsim.graph import Graph
from dsim.graph.graph import Ref
from dsim.graph.memory import peak_memory_bytes
from dsim.graph.passes import run_passes
from dsim.limits import Limits, LimitUse
from dsim.rounding import limit

Floats = NDArray[np.float64]

PLACES = ("stem", "0", "down1", "1", "down2", "2", "down3", "3", "head")
COUNTS, MAPS = 2, 3  # columns before the places, and behind them
COLUMNS = COUNTS + len(PLACES) + MAPS
PEAKS = slice(COUNTS, COUNTS + len(PLACES))
# how many maps of earlier stages, finest first, are held at each place, beside what the piece itself reads
_HELD = (0, 0, 0, 1, 1, 2, 2, 3, 0)


def place_of(scope: str) -> int:
    """Return the number of a piece's place, for its scope."""
    if not scope.startswith("stages."):
        return PLACES.index(scope)
    stage, kind = scope.split(".")[1:3]
    return PLACES.index(f"down{stage}" if kind == "downsample" else stage)


@dataclass(frozen=True)
class Ceiling:
    """The limits of a study on one device, or on all of several.

    Attributes
    ----------
    limits
        What is asked for.
    stacks
        Passes of each device: what activations take is told behind them; where devices differ, the most counts.
    bytes_each
        Of one number, the most of any device.
    batch
        Images in a run, likewise.
    maps
        Whether the maps of all stages are results, as in a backbone.
    """

    limits: Limits
    stacks: tuple[tuple[str, ...], ...] = ((),)
    bytes_each: NumberBytes = field(default_factory=lambda: number_bytes("float32"))
    batch: int = 1
    maps: bool = False

    @classmethod
    def on(cls, profiles: Sequence[DeviceProfile], limits: Limits, maps: bool = False) -> Ceiling:
        """Return limits as devices take them."""
        each = [number_bytes(profile.precision) for profile in profiles]
        most = NumberBytes(max(one.weight for one in each), max(one.activation for one in each))
        stacks = tuple(dict.fromkeys(profile.passes for profile in profiles))
        return cls(limits, stacks, most, max(profile.batch for profile in profiles), maps)

    def row(self, scope: str, graph: Graph) -> Floats:
        """Return the columns (C,) of one piece."""
        place, row = place_of(scope), np.zeros(COLUMNS)
        between = self.maps and PLACES[place].startswith("down")
        row[:COUNTS] = graph.params, graph.macs
        row[COUNTS + place] = max(
            peak_memory_bytes(run_passes(graph, passes), 1, keep_inputs=between) for passes in self.stacks
        )
        if between:
            row[PEAKS.stop + int(scope.split(".")[1]) - 1] = graph.spec(Ref(-1)).numel
        return row

    def used(self, columns: Floats) -> Floats:
        """Return parameters, multiply-accumulates, bytes of activations and of weights (N, 4), for columns (N, C)."""
        held = np.concatenate(
            [np.zeros((len(columns), 1)), np.cumsum(columns[:, PEAKS.stop :], axis=1)], axis=1
        )
        peaks = columns[:, PEAKS]
        # a place that holds nothing holds no maps either
        peak = np.where(peaks > 0, peaks + held[:, _HELD], 0.0).max(axis=1)
        params = columns[:, 0]
        return np.stack(
            [
                params,
                columns[:, 1],
                peak * (self.bytes_each.activation * self.batch),
                params * self.bytes_each.weight,
            ],
            axis=1,
        )

    @property
    def most(self) -> Floats:
        """The most that is allowed (4,) of what `used` returns; infinite without a limit."""
        asked = (self.limits.params, self.limits.macs, self.limits.memory_bytes, self.limits.size_bytes)
        return np.array([np.inf if one is None else one for one in asked])

    def shares(self, columns: Floats) -> Floats:
        """Return the largest part of a limit that each design (N,) takes; above 1 it breaks one."""
        found: Floats = (self.used(columns) / self.most).max(axis=1)
        return found

    def within(self, shares: Floats) -> NDArray[np.bool_]:
        """Return which designs break no limit."""
        return np.asarray(shares <= limit(1.0))

    def uses(self, columns: Floats) -> tuple[LimitUse, ...]:
        """Return what one design (C,) takes of each limit."""
        used = dict(
            zip(("params", "macs", "memory", "size"), self.used(columns[None])[0].tolist(), strict=True)
        )
        return tuple(LimitUse(name, used[name], most) for name, most in self.limits.asked)
