"""What was measured of the devices of a comparison as plain values, for JSON: each figure with what it is of and how far it goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dsim.device.graded import Grade
from dsim.records import to_plain
from dsim.shift.equal_top1 import AtEqualTop1
from dsim.shift.measured_regret import MeasuredRegret
from dsim.shift.other_forms import OtherForms
from dsim.shift.shared_contrasts import SharedContrast
from dsim.shift.stack import Pair
from dsim.shift.tiers import Measured


def measured_to_dict(measured: Measured) -> dict[str, Any]:
    """Return the object that ``dsim compare --json`` prints as ``measured``.

    ``contrasts`` are single changes timed on two devices, ``regret`` is of published networks chosen by another device's clock
    (null on the user's own task), ``timed`` and ``equal_top1`` are best designs that were timed, and ``forms`` is what other forms
    of a function and other lengths did on a device, in the networks named: no price of the design compared.
    """
    return {
        "contrasts": [_contrast(one) for one in measured.contrasts],
        "regret": None if measured.regrets is None else [_regret(one) for one in measured.regrets],
        "timed": [dict(to_plain(one)) for one in measured.timed],
        "equal_top1": [_equal(one) for one in measured.equal],
        "forms": [_forms(one) for one in measured.forms],
    }


def _contrast(one: SharedContrast) -> Mapping[str, Any]:
    return {
        "grade": str(Grade.A),
        "change": one.choice,
        "scope": {"in": one.where, "whole_network": one.whole},
        "percent_slower": {one.pair.a: to_plain(one.on_a), one.pair.b: to_plain(one.on_b)},
        "intervals_apart": one.apart,
        **_between(one.pair),
    }


def _regret(one: MeasuredRegret) -> Mapping[str, Any]:
    return {
        "chosen_on": one.of,
        "run_on": one.on,
        "points_lost": to_plain(one.lost),
        "against_itself": to_plain(one.null),
        "significant": one.exceeds,
        "scope": {
            "networks": one.networks,
            "families": one.families,
            "recipes": [{**to_plain(recipe), "networks": count} for recipe, count in one.recipes],
            "budgets": len(one.budgets),
        },
        "does_not_fit": one.late,
        "worst": to_plain(one.worst),
        **_between(one.pair),
    }


def _equal(one: AtEqualTop1) -> Mapping[str, Any]:
    kept = {key: value for key, value in to_plain(one).items() if key != "pair"}
    return {**kept, **_between(one.pair)}


def _forms(one: OtherForms) -> Mapping[str, Any]:
    return {
        "device": one.device,
        "tokens": list(one.tokens),
        "least_tokens_timed": one.least_tokens or None,
        "contrasts": [
            {
                "grade": str(of.grade),
                "kind": of.kind,
                "before": of.before,
                "after": of.after,
                "before_ms": of.before_ms,
                "after_ms": of.after_ms,
                "scope": {
                    "in": of.network,
                    "context": of.context,
                    "shapes": of.shapes,
                    "stack": f"{of.runtime} {of.version}",
                },
            }
            for of in one.contrasts
        ],
    }


def _between(pair: Pair) -> Mapping[str, Any]:
    """Say what lies between two devices."""
    return {
        "shift": str(pair.shift),
        "differs_in": list(pair.differs_in),
        "unstated": list(pair.unstated),
        "shared": pair.shared,
    }
