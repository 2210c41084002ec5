"""The accuracy model of an earlier time: nothing of it, its calibration and its hyper-parameters included, saw later results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from dsim.accuracy.effects import CONTRASTS_FILE, Effects, fit_effects, load_contrasts
from dsim.accuracy.evidence import ABLATED_FILE, ABLATED_TAG, Results, load_evidence
from dsim.accuracy.model import AccuracyModel, fit
from dsim.accuracy.recipe import load_recipes
from dsim.accuracy.tables import read_rows
from lab.claims.reality.dates import RECIPE, Dated, earlier, load_dates, month_of
from lab.validate.accuracy.tune import choose


@dataclass(frozen=True)
class EarlierAccuracy:
    """A model and what it was learned from.

    Attributes
    ----------
    model
        Learned, tuned and calibrated on earlier results alone.
    kept, dropped
        How many results it saw, and how many were later.
    families
        How many families it saw.
    undated_recipes
        How many of the kept results have a recipe that no source dates; they go by their network's date.
    contrasts
        How many published pairs of one choice it saw.
    """

    model: AccuracyModel
    kept: int
    dropped: int
    families: int
    undated_recipes: int
    contrasts: int


@dataclass(frozen=True)
class EarlierEvidence:
    """What an earlier time had seen: results, published pairs of one choice, and how many recipes no source dates."""

    kept: Results
    dropped: int
    undated_recipes: int
    effects: Effects
    contrasts: int


@lru_cache(maxsize=2)
def earlier_accuracy(cutoff: str) -> EarlierAccuracy:
    """Learn from the results whose network and recipe were both published before a month; takes about a minute.

    Parameters
    ----------
    cutoff
        ``YYYY-MM``, exclusive.
    """
    seen = earlier_evidence(cutoff)
    model = _learned(seen.kept, seen.effects)
    return EarlierAccuracy(
        model,
        len(seen.kept),
        seen.dropped,
        len(set(seen.kept.families)),
        seen.undated_recipes,
        seen.contrasts,
    )


def earlier_evidence(cutoff: str) -> EarlierEvidence:
    """Return the results and pairs that were published before a month, ``YYYY-MM``."""
    evidence, test, dates = load_evidence(), earlier(cutoff), load_dates()
    recipes = recipe_months(dates)
    ablated = {row["network"]: month_of(row["source"]) for row in read_rows(ABLATED_FILE)}
    rows, undated = [], 0
    for k in range(len(evidence)):
        if evidence.tags[k] == ABLATED_TAG:
            known, month = True, ablated[evidence.networks[k]]
        else:
            known, month = recipes[evidence.recipes[k].key]
        if test(evidence.networks[k]) and (not known or month < cutoff):
            rows.append(k)
            undated += not month
    effects, pairs = _earlier_effects(cutoff, test)
    return EarlierEvidence(evidence.take(rows), len(evidence) - len(rows), undated, effects, pairs)


def recipe_months(dates: dict[str, Dated]) -> dict[str, tuple[bool, str]]:
    """Return whether a recipe's date is told and its month, by the recipe's key.

    The month is empty and not told where its citation names no paper; told and after every cutoff where the table of
    dates says that it came later, without a month.
    """
    out = {}
    for row in load_recipes():
        key = f"{row.pattern}|{row.tag}"
        listed = dates.get(RECIPE + key)
        month = month_of(row.citation)
        out[key] = (True, listed.published or "9999-12") if listed else (bool(month), month)
    return out


def _earlier_effects(cutoff: str, test: Callable[[str], bool]) -> tuple[Effects, int]:
    pairs = zip(load_contrasts(), read_rows(CONTRASTS_FILE), strict=True)
    kept = tuple(pair for pair, row in pairs if test(pair.network) and month_of(row["source"]) < cutoff)
    return fit_effects(kept), len(kept)


def _learned(evidence: Results, effects: Effects) -> AccuracyModel:
    best = choose(evidence, effects, evidence.families)[0]
    return fit(evidence, effects, best.layout, best.logs)
