"""Choose hyper-parameters on training results alone: lengths and variances, and the grouping of features.

``python -m lab.validate.accuracy.tune`` chooses them on all results and stores them for the model that dsim uses. Held-out
figures do not come from these: a validation tunes again without the families that it is about to predict.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from dsim.accuracy.cache import HYPERPARAMETERS_FILE
from dsim.accuracy.covariance import VARIANCES, Points
from dsim.accuracy.effects import Effects, fit_effects, load_contrasts, log_errors
from dsim.accuracy.evidence import Results, load_evidence
from dsim.accuracy.features import LAYOUTS
from dsim.accuracy.points import points_of, scaling_of
from dsim.accuracy.process import covariance, leave_groups_out
from dsim.accuracy.summary import FloatArray
from dsim.accuracy.tables import FOLDER
from dsim.files import write_atomic
from dsim.threads import one_blas_thread
from lab.validate.accuracy.likelihood import NAMES, START, penalised_loss

ITERATIONS = 30


def tune(points: Points, values: FloatArray) -> dict[str, float]:
    """Maximise the penalised marginal likelihood from the fixed start; deterministic.

    Parameters
    ----------
    points, values
        Training results: where, and log(100 - top1) less its mean.

    Returns
    -------
    dict
        Logarithm of every hyper-parameter by name.
    """
    bounds = [(-14.0, 4.0) if name in VARIANCES else (-2.0, 4.0) for name in NAMES]
    found = minimize(
        lambda theta: penalised_loss(points, values, theta),
        np.array([START[name] for name in NAMES]),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": ITERATIONS},
    )
    return {name: round(float(value), 4) for name, value in zip(NAMES, found.x, strict=True)}


@dataclass(frozen=True)
class Choice:
    """One setting of everything that is chosen, and how it did where it was chosen.

    Attributes
    ----------
    layout
        Key of `dsim.accuracy.features.LAYOUTS`.
    logs
        Logarithms of variances and lengths.
    error
        Mean absolute error in points, each group predicted from the others, on the training results.
    """

    layout: str
    logs: dict[str, float]
    error: float


@one_blas_thread()
def choose(evidence: Results, effects: Effects, groups: tuple[str, ...]) -> tuple[Choice, ...]:
    """Tune every layout and rank them by their error on groups held out within the training results; best first."""
    values = log_errors(evidence.summaries, evidence.top1, effects)
    shift, _ = effects.apply(evidence.summaries)
    found = []
    for layout in LAYOUTS:
        points = points_of(evidence, scaling_of(evidence, layout))
        offset = float(values.mean())
        logs = tune(points, values - offset)
        mean, _ = leave_groups_out(covariance(points, logs), values - offset, groups)
        misses = np.abs(100.0 - np.exp(mean + offset) + shift - evidence.top1)
        found.append(Choice(layout, logs, float(misses[evidence.is_checkpoint].mean())))
    return tuple(sorted(found, key=lambda choice: choice.error))


def main() -> None:
    """Choose on all results, and store the best."""
    evidence = load_evidence()
    ranking = choose(evidence, fit_effects(load_contrasts()), evidence.families)
    for choice in ranking:
        print(f"{choice.layout}: {choice.error:.3f}")
    best = {"layout": ranking[0].layout, "logs": ranking[0].logs}
    write_atomic(FOLDER / HYPERPARAMETERS_FILE, json.dumps(best, indent=2) + "\n")


if __name__ == "__main__":
    main()
