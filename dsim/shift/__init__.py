"""Shift: the same question asked of several devices; how the best design moves, and what of it the data can carry."""

from dsim.shift.compare import compare
from dsim.shift.files import load_comparison, to_dict
from dsim.shift.findings import DeviceFindings
from dsim.shift.measured_regret import MeasuredRegret, measured_regret
from dsim.shift.records import (
    Cell,
    Comparison,
    Flip,
    Halved,
    Interval,
    Robust,
    Verdict,
    WhatIf,
)
from dsim.shift.run import run_comparison
from dsim.shift.shared_contrasts import SharedContrast, shared_contrasts
from dsim.shift.spec import ComparisonSpec
from dsim.shift.stack import Pair, Shift, pair_of
from dsim.shift.tiers import Measured, measured_of
from dsim.shift.tiers_plain import measured_to_dict

__all__ = [
    "Cell",
    "Comparison",
    "ComparisonSpec",
    "DeviceFindings",
    "Flip",
    "Halved",
    "Interval",
    "Measured",
    "MeasuredRegret",
    "Pair",
    "Robust",
    "SharedContrast",
    "Shift",
    "Verdict",
    "WhatIf",
    "compare",
    "load_comparison",
    "measured_of",
    "measured_regret",
    "measured_to_dict",
    "pair_of",
    "run_comparison",
    "shared_contrasts",
    "to_dict",
]
