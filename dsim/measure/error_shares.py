"""What the error of a measured profile is made of: the machine's drift, the noise of figures, and the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dsim.device.profile import CHECK, DeviceProfile
from dsim.latency.scoring import Held
from dsim.measure.scores import LEAST

_HALF_95 = 1.96  # half the width of a normal distribution's 95% interval, in standard deviations


@dataclass(frozen=True)
class ErrorShares:
    """Where the squared error of designs that were never learned from comes from; standard deviations in percent.

    Attributes
    ----------
    designs
        How many.
    drift_percent
        The machine's, which is divided out: it would be in the error otherwise.
    noise_percent
        Of the figures: of their runs, and of the drift that was divided out.
    model_percent
        The rest.
    """

    designs: int
    drift_percent: float
    noise_percent: float
    model_percent: float

    @property
    def shares(self) -> tuple[float, float, float]:
        """The shares of drift, noise and model in the squared error (percent of all three together)."""
        squares = np.array([self.drift_percent, self.noise_percent, self.model_percent]) ** 2
        drift, noise, model = 100.0 * squares / max(float(squares.sum()), 1e-12)
        return float(drift), float(noise), float(model)

    def __str__(self) -> str:
        """Return the shares in a sentence."""
        drift, noise, model = self.shares
        return (
            f"of the squared error of {self.designs} designs never learned from, the machine's drift is {drift:.0f}% (divided "
            f"out, {self.drift_percent:.1f}% on average), noise {noise:.0f}% ({self.noise_percent:.1f}%), and the model "
            f"{model:.0f}% ({self.model_percent:.1f}%)"
        )


def error_shares(profile: DeviceProfile, checks: Sequence[Held]) -> ErrorShares | None:
    """Say what the error of a profile's checks is made of; None where there are fewer than five.

    Parameters
    ----------
    profile
        As it was measured.
    checks
        Its designs that were never learned from, as they are predicted.
    """
    rows = {row.graph: row for row in profile.networks if row.role == CHECK}
    known = [(one, rows[one.graph]) for one in checks if one.graph in rows]
    if len(known) < LEAST:
        return None
    drift = np.log([row.drift or 1.0 for _, row in known])
    error = np.log([one.measured_ms / one.predicted_ms for one, _ in known])
    noise = np.array([(row.error_ms or 0.0) / _HALF_95 / row.latency_ms for _, row in known])
    noise_square = float(np.mean(noise**2))
    model_square = max(float(np.mean(error**2)) - noise_square, 0.0)
    return ErrorShares(
        len(known),
        100.0 * float(np.sqrt(np.mean((drift - drift.mean()) ** 2))),
        100.0 * noise_square**0.5,
        100.0 * model_square**0.5,
    )
