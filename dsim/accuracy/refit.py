"""Learn the accuracy model anew from some of its families."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from dsim.accuracy.cache import load_hyperparameters
from dsim.accuracy.effects import fit_effects, load_contrasts
from dsim.accuracy.evidence import Results, load_evidence
from dsim.accuracy.model import AccuracyModel, fit
from dsim.errors import InvalidValueError

LEAST = 5  # families below which there is nothing to calibrate an interval on


@lru_cache(maxsize=1)
def _evidence() -> Results:
    return load_evidence()


def refit_accuracy(keep: Callable[[str], bool]) -> AccuracyModel:
    """Condition the process on the results of some families; hyper-parameters and effects stay those of all.

    Parameters
    ----------
    keep
        Tells which families to learn from.

    Raises
    ------
    InvalidValueError
        Fewer than five families are left.
    """
    evidence = _evidence()
    rows = [k for k, family in enumerate(evidence.families) if keep(family)]
    left = {evidence.families[k] for k in rows}
    if len(left) < LEAST:
        raise InvalidValueError(
            f"an accuracy model must be learned from at least {LEAST} families, got {len(left)}; leave fewer out"
        )
    return fit(evidence.take(rows), fit_effects(load_contrasts()), *load_hyperparameters())
