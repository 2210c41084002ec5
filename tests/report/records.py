"""A made comparison and a made study, so that pages can be tested without fitting a model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from dsim.arch import get_preset
from dsim.search import Candidate, Space, StudyResult, StudySpec
from dsim.search.candidate import Certainty
from dsim.search.files import write_inputs, write_result
from dsim.search.joint_files import write_joint
from dsim.search.joint_result import JointStudy, Lost, OnDevice
from dsim.search.joint_spec import JointSpec
from dsim.search.result import Cost, NotIdentified, Published
from dsim.shift import Cell, Comparison, DeviceFindings, Flip, Halved, Interval, Verdict, WhatIf
from dsim.shift.files import to_dict
from dsim.shift.records import Robust, RobustOn, SwapOn, SwapRow
from dsim.shift.spec import ComparisonSpec
from dsim.shift.stack import Pair, Part, Shift

SCRIPT = "<script>alert(1)</script>"
BREAK = "</script><!--<img src=x onerror=alert(2)>"
L1, L3 = get_preset("efficientformer_l1"), get_preset("efficientformer_l3")
SMALL = Candidate(L1, 0.9, 0.8, 1.0, 0.96, 80.0, 79.0, 81.0, 12_000_000, 1_300_000_000, "l1")
LARGE = Candidate(L3, 1.6, 1.4, 1.8, 0.01, 82.0, 81.0, 83.0, 31_000_000, 3_900_000_000)
MISSING = NotIdentified("activation", "gelu", ("relu",), f"families disagree {SCRIPT}")
SEEN = Published(f"Net{SCRIPT}", 0.95, 79.5, f"a paper {BREAK}")
NAN = float("nan")
# of the cells off the diagonal, row by row
VERDICTS = (Verdict.DIFFERENCE, Verdict.NO_EVIDENCE, Verdict.SHARED, Verdict.NOT_IDENTIFIED, Verdict.NOTHING_FITS, Verdict.TOO_SMALL)  # fmt: skip


def device(name: str, title: str = "") -> DeviceFindings:
    return DeviceFindings(
        name, title or name, "fine", "latency", 1.0, 0.9, 5, 10, (("interpolated", 0.7), ("unsupported", 0.3)), 0.1, 9, 3,
        SMALL, SMALL, (SMALL, LARGE), None, (MISSING,), (SEEN,), Cost(1.5, 2000, 30, 1),
    )  # fmt: skip


def comparison(names: tuple[str, ...] = ("iphone12", f"mine{SCRIPT}", f"odd{BREAK}")) -> Comparison:
    """Return a comparison of which one profile is bundled and the others were never installed."""
    gone, here = Interval(1.2, 0.4, 2.0), Interval(0.3, -0.5, 1.1)
    verdicts = iter(VERDICTS * len(names) ** 2)
    cells = []
    for of in names:
        for on in names:
            verdict = Verdict.ITSELF if of == on else next(verdicts)
            lost = (
                None if verdict is Verdict.NOTHING_FITS else gone if verdict is Verdict.DIFFERENCE else here
            )
            cells.append(Cell(of, on, verdict, 0.1, 3, here, SMALL, Interval(0, 0, 0) if of == on else lost))
    first, second = names[:2]
    flips = (
        Flip(first, second, "stem", "conv7", "patchify", Verdict.DIFFERENCE, gone, here, here, gone, 1, 2, 3, 4),
        Flip(first, second, "norm", "batch", "group", Verdict.NO_EVIDENCE, here, here, here, here, 0, 2, 1, 4),
        Flip(first, second, "activation", "gelu", "relu", Verdict.NOT_IDENTIFIED, None, None, None, None, 0, 2, 0, 4),
    )  # fmt: skip
    swaps = tuple(SwapOn(name, Verdict.DIFFERENCE, gone) for name in names[1:])
    rows = (
        SwapRow("norm", "batch", "group", here, (SwapOn(first, Verdict.NOT_IDENTIFIED, None, SCRIPT), *swaps)),
        SwapRow("norm", "batch", "layer", here, tuple(SwapOn(name, Verdict.NOT_IDENTIFIED, None, SCRIPT) for name in names)),
        SwapRow("mixer", "pooling", "conv3", gone, (SwapOn(first, Verdict.NO_EVIDENCE, here), *swaps)),
    )  # fmt: skip
    halves = (
        Halved(first, 0, 3, 4, L1, 0.9, 1.0, 80.0, 79.0, 1.0, 1.2, 79.5),
        Halved(second, 0, 1, 1, None, NAN, NAN, NAN, NAN, NAN, NAN, NAN, "too little"),
    )
    pairs = tuple(
        Pair(a, b, Shift.STACK, (Part("chip", "c", "d"), Part("runtime", "r", "s")))
        for n, a in enumerate(names)
        for b in names[n + 1 :]
    )
    inputs = ComparisonSpec(("iphone12", "pixel6-cpu")).inputs()
    return Comparison(
        "f" * 64, {**inputs, "devices": list(names)}, 0.9, "each as L1", tuple(map(device, names)), pairs,
        tuple(cells), flips, WhatIf("l1", L1, tuple((name, gone) for name in names), here, rows),
        Robust(SMALL, True, 0.5, 10, tuple(RobustOn(name, gone, -0.1, here) for name in names)), halves, 200, 20,
        (f"a note {SCRIPT}",), 61.0,
    )  # fmt: skip


def write_comparison(folder: Path, found: Comparison) -> Path:
    """Write the record alone, which is all that a page reads."""
    folder.mkdir(parents=True)
    (folder / "comparison.json").write_text(json.dumps(to_dict(found)), encoding="utf-8")
    return folder


def write_study(folder: Path, fits: bool = True) -> Path:
    """Write a finished study."""
    spec = StudySpec(
        "iphone12", 1.0, space=replace(Space(), resolution=256), name=folder.name, out=folder.parent
    )
    write_inputs(spec, "e" * 64, {})
    write_result(
        StudyResult(
            spec, SMALL if fits else None, (SMALL, LARGE), SMALL, (MISSING,), (SEEN,), Cost(2.0, 10, 3, 0),
            None if fits else 1.2, ("256 px lies outside",), 0.024,
            certainty=(Certainty(0.5, LARGE), Certainty(0.9, SMALL if fits else None), Certainty(0.95, None)),
        )
    )  # fmt: skip
    return folder


def write_joint_study(folder: Path, fits: bool = True) -> Path:
    """Write a finished study for several devices, one of which was never installed."""
    budgets = {"iphone12": 1.0, "mine": 0.5}
    spec = JointSpec.of(budgets, name=folder.name, out=folder.parent, trials=12)
    lost = Lost(2.0, 1.2, 2.8)
    on = tuple(OnDevice(name, ms, SMALL, LARGE if fits else None, lost if fits else None) for name, ms in budgets.items())  # fmt: skip
    write_inputs(spec, "d" * 64, {})
    write_joint(JointStudy(spec, fits, on, (MISSING,), (), Cost(2.0, 10, 3, 0)))
    return folder
