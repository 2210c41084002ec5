"""What an activation or a norm does to top-1, from ablations that trained the same network twice, from scratch.

Across families such choices hide behind recipes and authors, so the process never sees them; they enter as one effect
a network, shrunk towards none, with the uncertainty that so few pairs leave. Swaps in a trained network that is then
fine-tuned measure damage, not merit, and are not used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dsim.accuracy.summary import INDEX, FloatArray
from dsim.accuracy.tables import read_rows

CONTRASTS_FILE = "contrasts.csv"
CHOICES: dict[str, tuple[str, ...]] = {
    "activation": ("gelu", "relu", "relu6", "silu", "hardswish"),
    "norm": ("batch_norm", "layer_norm", "group_norm"),
}
SPREAD = 0.5
"""Points: prior deviation of an effect, and deviation of one network's contrast from the mean contrast. The published
GELU to ReLU contrasts, -0.8 and -0.2 points, differ by about this much, and none but degenerate ones exceeds twice it."""


@dataclass(frozen=True, slots=True)
class Ablation:
    """One published pair: the same network and recipe, one choice (or two together) changed, both from scratch."""

    factor: str
    network: str
    before: str
    after: str
    delta: float


@dataclass(frozen=True)
class Effects:
    """Effects in points of top-1, for a network that uses a choice throughout.

    Attributes
    ----------
    names
        ``"activation:relu"`` and so on, in the order of the other fields.
    mean
        Shape (E,).
    covariance
        Shape (E, E).
    """

    names: tuple[str, ...]
    mean: FloatArray
    covariance: FloatArray

    def shares(self, summaries: FloatArray) -> FloatArray:
        """How much of a network uses each choice, shape (N, E); a factor it does not use at all counts as none."""
        table = np.atleast_2d(summaries)
        columns = []
        for choices in CHOICES.values():
            used = table[:, [INDEX[f"elements_{choice}"] for choice in choices]]
            columns.append(used / np.maximum(used.sum(1, keepdims=True), 1e-9))
        return np.hstack(columns)

    def apply(self, summaries: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return each network's effect in points and its variance, shapes (N,) and (N,), against GELU and batch norm."""
        shift = self.shift(summaries)
        return shift @ self.mean, np.einsum("ij,jk,ik->i", shift, self.covariance, shift)

    def shift(self, summaries: FloatArray) -> FloatArray:
        """Return how far each network is from GELU and batch norm, shape (N, E): its effect is ``shift @ mean``."""
        shares = self.shares(summaries)
        base = np.zeros(len(self.names))
        base[[self.names.index("activation:gelu"), self.names.index("norm:batch_norm")]] = 1.0
        return np.asarray(shares - base * (shares @ self._same_factor() > 0))

    def _same_factor(self) -> FloatArray:
        factors = np.array([name.split(":")[0] for name in self.names])
        return np.asarray(factors[:, None] == factors[None, :], dtype=np.float64)

    def contrast(self, before: str, after: str) -> tuple[float, float]:
        """Return mean and standard deviation of going from one choice to another (``"gelu"``, ``"relu"``), in points.

        Choices that change together are joined: ``"layer_norm+gelu"``.
        """
        direction = _direction(self.names, before, after)
        return float(direction @ self.mean), float(np.sqrt(direction @ self.covariance @ direction))


def _direction(names: tuple[str, ...], before: str, after: str) -> FloatArray:
    place = {name.split(":")[1]: k for k, name in enumerate(names)}
    direction = np.zeros(len(names))
    for sign, choices in ((-1.0, before), (1.0, after)):
        for choice in choices.split("+"):
            direction[place[choice]] += sign
    return direction


def load_contrasts() -> tuple[Ablation, ...]:
    """Read the published pairs."""
    return tuple(
        Ablation(
            row["factor"],
            row["network"],
            row["before"],
            row["after"],
            round(float(row["top1_after"]) - float(row["top1_before"]), 3),
        )
        for row in read_rows(CONTRASTS_FILE)
    )


def fit_effects(contrasts: tuple[Ablation, ...]) -> Effects:
    """Estimate effects by Bayesian least squares: prior N(0, SPREAD^2), each contrast with deviation SPREAD."""
    names = tuple(f"{factor}:{choice}" for factor, choices in CHOICES.items() for choice in choices)
    rows = [_direction(names, contrast.before, contrast.after) for contrast in contrasts]
    design = np.array(rows).reshape(len(contrasts), len(names))
    deltas = np.array([c.delta for c in contrasts])
    precision = (np.eye(len(names)) + design.T @ design) / SPREAD**2
    covariance: FloatArray = np.linalg.inv(precision).astype(np.float64)
    return Effects(names, covariance @ (design.T @ deltas) / SPREAD**2, covariance)


def log_errors(summaries: FloatArray, top1: FloatArray, effects: Effects) -> FloatArray:
    """Return log(100 - top1) with the effects of activation and norm taken out, shape (N,)."""
    effect, _ = effects.apply(summaries)
    return np.asarray(np.log(100.0 - top1 + effect))


def deviations(variance: FloatArray, effect_variance: FloatArray, error: FloatArray) -> FloatArray:
    """Return the deviations (N,) of log(100 - top1) that intervals are made of, the effects' own included.

    Parameters
    ----------
    variance
        Shape (N,), what the process states of log(100 - top1).
    effect_variance
        Shape (N,), in points, as `Effects.apply` returns it.
    error
        Shape (N,), 100 - top1 in points: one point is 1 / error on the scale of its logarithm.
    """
    found: FloatArray = np.sqrt(variance + effect_variance / error**2)
    return found
