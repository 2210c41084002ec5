"""Which to take: the design of a study, or the best published network that fits too."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Preference:
    """Which to take: the design that a study chose, or the best published network that fits too.

    Attributes
    ----------
    design
        Whether to take the design: its gain lies above zero with all of its interval.
    network
        The published network, as timm calls it.
    gain, low, high
        Points of top-1 that the design is predicted to gain on it, with the interval of that prediction.
    """

    design: bool
    network: str
    gain: float
    low: float
    high: float

    def says(self, trained: str) -> str:
        """Return it in one sentence; ``trained`` says how the design would be trained."""
        ends = f"({self.low:+.1f} to {self.high:+.1f})"
        span = f"{self.gain:+.1f} points {ends}"
        if self.design:
            return f"the design, if you can train it ({trained}): {span} on {self.network} (published, with weights)."
        if self.high < 0:
            brings = f"would lose: {span}"
        else:
            brings = (
                f"may bring {self.gain:+.1f} points, or none {ends}"
                if self.gain > 0
                else f"gains nothing: {span}"
            )
        return f"{self.network} (published, with weights): training the design ({trained}) {brings}."
