"""Shift: the same question asked of several devices; how the best design moves, and what of it the data can carry."""

from dsim.shift.compare import compare
from dsim.shift.files import load_comparison, to_dict
from dsim.shift.findings import DeviceFindings
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
from dsim.shift.spec import ComparisonSpec
from dsim.shift.stack import Pair, Shift, pair_of

__all__ = [
    "Cell",
    "Comparison",
    "ComparisonSpec",
    "DeviceFindings",
    "Flip",
    "Halved",
    "Interval",
    "Pair",
    "Robust",
    "Shift",
    "Verdict",
    "WhatIf",
    "compare",
    "load_comparison",
    "pair_of",
    "run_comparison",
    "to_dict",
]
