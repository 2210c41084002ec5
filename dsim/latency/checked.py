"""What a profile predicts for networks that were measured and never learned from."""

from __future__ import annotations

import numpy as np

from dsim.device.find import find_profile
from dsim.device.profile import CHECK
from dsim.latency.fit import load_model
from dsim.latency.networks import own_graphs, stored
from dsim.latency.scoring import Held


def checked_networks(device: str, role: str = CHECK) -> tuple[Held, ...]:
    """Predict the networks of a role; ``family`` is the role, for they are draws from one space.

    Parameters
    ----------
    device
        Name of a profile.
    role
        ``check`` for designs held out for good, ``searched`` for designs that a search chose.

    Raises
    ------
    UnknownNameError
        There is no such profile.
    """
    profile = find_profile(device)
    rows = [row for row in profile.networks if row.role == role and row.graph]
    if not rows:
        return ()
    model, graphs = load_model(device), stored({row.graph for row in rows}, own_graphs((profile,)))
    rows = [row for row in rows if row.graph in graphs]
    arrays = model.price(np.array([model.featurise(graphs[row.graph]) for row in rows]))
    return tuple(
        Held(device, row.graph, role, row.latency_ms, float(middle), float(low), float(high), "", "inside")
        for row, middle, low, high in zip(rows, arrays.latency_ms, arrays.low_ms, arrays.high_ms, strict=True)
    )
