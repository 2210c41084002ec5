"""Prices: what sub-networks cost on a device, from the price of each piece (the paper's lookup table)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from dsim.arch import Arch
from dsim.latency import Basis, DeviceModel, load_model
from dsim.rounding import limit
from dsim.search.piece_vectors import PieceVectors


@dataclass(frozen=True)
class Price:
    """Latency of one design.

    Attributes
    ----------
    latency_ms
        The estimate.
    high_ms
        The upper end of its interval.
    needs_ms
        The smallest budget that it fits; infinite where none is enough.
    """

    latency_ms: float
    high_ms: float
    needs_ms: float


@dataclass(frozen=True)
class Prices:
    """The price list of one device.

    Attributes
    ----------
    device
        Name of the profile.
    budget_ms
        That is to be met.
    confidence
        Chance with which a new measurement must be within the budget, cliffs included.
    model
        What prices.
    """

    device: str
    budget_ms: float
    confidence: float
    model: DeviceModel

    @cached_property
    def _vectors(self) -> PieceVectors:
        return PieceVectors(self.model)

    @classmethod
    def of(cls, device: str, budget_ms: float, confidence: float) -> Prices:
        """Load the model of a device.

        Raises
        ------
        UnknownNameError
            There is no such profile.
        """
        return cls(device, budget_ms, confidence, load_model(device))

    def __call__(self, arch: Arch) -> Price:
        """Price a design; pieces are read once."""
        found = self.model.price(self._vectors.whole(arch)[None], self.confidence)
        return Price(float(found.latency_ms[0]), float(found.high_ms[0]), float(found.needs_ms[0]))

    def unpriced(self, arch: Arch) -> tuple[str, ...]:
        """Return the operators of a design that the device's evidence says nothing about."""
        kernels = self.model.estimate(arch.to_graph(), self.confidence).kernels
        return tuple(sorted({kernel.kind for kernel in kernels if kernel.evidence is Basis.UNSUPPORTED}))

    def fits(self, price: Price) -> bool:
        """Tell whether a price is within the budget."""
        return price.needs_ms <= limit(self.budget_ms)
