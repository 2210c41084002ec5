"""The reality check: by how much the predicted front lies above the best measured networks at the same latency."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from dsim.accuracy import load_accuracy_model
from dsim.device import find_profile
from dsim.latency import load_model
from lab.claims.reality.figures import PublishedNetwork, figures_of, measured_front
from lab.claims.reality.propose import Bounds, FitsBy, Proposer
from lab.claims.reality.recipes import load_checkpoints
from lab.claims.reality.records import Standing, standing_of

Told = Callable[[Standing], None]


def reality_check(
    devices: Iterable[str],
    bounds: Bounds,
    most: int = 8,
    held: Sequence[FitsBy] = tuple(FitsBy),
    told: Told | None = None,
) -> tuple[Standing, ...]:
    """Search each device under the latencies of its measured front, with the models that dsim uses.

    The models have seen these very networks: this asks how far above them a search climbs, not how well the models
    would have predicted them, which is what `lab.claims.reality.backtest` asks.

    Parameters
    ----------
    devices
        Names of profiles.
    bounds
        Of every search.
    most
        How many networks of a front are compared at most, spread evenly over it.
    held
        What must fit the budget; one search for each.
    told
        Called with each record as it is made.

    Returns
    -------
    tuple
        One record for each device, network and way of holding the budget; none for a device without a published top-1.

    Raises
    ------
    UnknownNameError
        A device is unknown.
    """
    found = []
    for device in devices:
        front = spread(measured_front(figures_of(find_profile(device), load_checkpoints())), most)
        if not front:
            continue
        proposer = Proposer(device, load_model(device), load_accuracy_model(), bounds)
        for figure in front:
            for way in held:
                proposal = proposer.propose(figure.latency_ms, way, figure.recipe)
                found.append(standing_of(device, figure, way, proposal))
                if told:
                    told(found[-1])
    return tuple(found)


def spread(front: Sequence[PublishedNetwork], most: int) -> tuple[PublishedNetwork, ...]:
    """Return at most so many of a front, its ends among them, evenly by place."""
    if len(front) <= most:
        return tuple(front)
    places = np.unique(np.linspace(0, len(front) - 1, most).round().astype(int))
    return tuple(front[int(k)] for k in places)
