"""A model as a price list: what each entry of a vector costs, and a constant, so that prices of pieces add up.

What a network takes is a function of its vector as a whole: members are averaged in logarithms, and a correction looks at how a
network spends its time. A price list is the model's own sharing out of the time (`Pricing.shares`) in reference networks, on
average. Where the function is a plain sum, it is the same in each of them and exact; elsewhere sums are off, by how much must be
measured on other networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dsim.latency.features import FloatArray

if TYPE_CHECKING:
    from dsim.latency.model import DeviceModel

SLIVER = (
    2.0**-16
)  # of an entry's unit: so little that the network stays as it is, and enough to be told from rounding


@dataclass(frozen=True)
class Additive:
    """Prices that add up.

    Attributes
    ----------
    weights
        (F,) milliseconds of one unit of each entry of a vector.
    constant_ms
        What no piece carries.
    """

    weights: FloatArray
    constant_ms: float

    def ms(self, phi: FloatArray) -> FloatArray:
        """Return the milliseconds (N,) of pieces, for vectors (N, F); the constant is apart."""
        priced: FloatArray = phi @ self.weights
        return priced


def additive(model: DeviceModel, phi: FloatArray) -> Additive:
    """Make the price list of a model.

    Parameters
    ----------
    model
        The fitted model.
    phi
        (N, F) vectors of the reference networks.
    """
    entries = phi.shape[1]
    weights, constants = [], []
    for own, total_ms in zip(phi, model.price(phi).latency_ms, strict=True):
        shares = model.pricing.shares(np.vstack([SLIVER * np.eye(entries), own]))
        network, rest = (
            shares[entries],
            1.0 - shares.sum(),
        )  # of the network with the slivers, which its own shares leave out
        carried_ms = total_ms * network / (network + rest)
        weights.append(carried_ms * shares[:entries] / (SLIVER * network))
        constants.append(total_ms - carried_ms)
    return Additive(np.mean(weights, axis=0), float(np.mean(constants)))
