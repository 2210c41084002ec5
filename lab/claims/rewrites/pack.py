"""Graded contrasts of the timed rewrites, as `dsim advise` reads them: the same network, one change, in turns in one sitting."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

import onnxruntime

from dsim.advice import Way
from dsim.device import DeviceProfile, operator_set
from dsim.device.fields import write_rows
from dsim.device.form_notes import KIND, SIDES
from dsim.device.graded import COLUMNS, FOLDER, Grade, GradedContrast
from dsim.device.variants import Variant
from dsim.measure.contrast_evidence import SOURCE as MEASURED
from dsim.places import bundled_profiles_dir
from lab.claims.rewrites.networks import OPSET, PX, WITH
from lab.claims.rewrites.timed import SOURCE, Timed

PACK = "onnxruntime"
WIDEST = 4.0  # points of percent between the ends of a change's interval, beyond which it is no contrast
WORDS = {form: side for side, form in SIDES.items()}
CONTEXT = f"timm, random weights, {PX} px, one thread; file of operator set"
WHY = {
    KIND: "both files ask for the same operator set, so that the form alone differs",
    operator_set.KIND: "the file with nothing but its operator set raised: ONNX Runtime fuses the norms then",
}


def contrasts_of(rows: Iterable[Timed], profile: DeviceProfile) -> tuple[GradedContrast, ...]:
    """Return contrasts of forms and operator sets, but for those whose interval is too wide to say anything.

    Merged branches are evidence of a profile itself (`dsim.advice.evidence`).
    """
    return tuple(
        _contrast(row, profile)
        for row in rows
        if row.rewrite.way is not Way.BRANCHES and row.found.high_percent - row.found.low_percent <= WIDEST
    )


def _contrast(row: Timed, profile: DeviceProfile) -> GradedContrast:
    one, found = row.rewrite, row.found
    if one.before and one.after:
        kind, before, after = KIND, WORDS[one.before], WORDS[one.after]
    else:
        kind, before, after = operator_set.KIND, row.side, operator_set.RAISED
    return made_here(
        profile, found, kind, (before, after), network=row.network.replace(WITH, " with "),
        context=f"{CONTEXT} {OPSET}, raised where the form needs a later one", shapes=f"image 1x3x{PX}x{PX}; {row.where}",
        why=WHY[kind], program=SOURCE,
    )  # fmt: skip


def made_here(
    profile: DeviceProfile,
    found: Variant,
    kind: str,
    sides: tuple[str, str],
    *,
    network: str,
    context: str,
    shapes: str,
    why: str,
    program: str,
) -> GradedContrast:
    """Return a contrast of two files that were timed in turns on this processor, of grade A: one change, one sitting."""
    low, ms, high = (
        round(found.plain_ms * (1.0 + percent / 100.0), 3)
        for percent in (found.low_percent, found.percent, found.high_percent)
    )
    return GradedContrast(
        grade=Grade.A, kind=kind, before=sides[0], after=sides[1], network=network, context=context, shapes=shapes,
        batch=1, measures="latency", before_ms=found.plain_ms, after_ms=ms, before_low_ms=None, before_high_ms=None,
        after_low_ms=low, after_high_ms=high, spread=f"90% interval of the change within a turn, {found.turns} turns",
        before_top1=None, after_top1=None, device=profile.title.split(",")[0], chip=profile.chip, unit="cpu",
        runtime=f"ONNX Runtime {onnxruntime.__version__}", version="CPU", precision=profile.precision, fell="", why=why,
        source=MEASURED, table=f"{program}, {datetime.date.today():%Y-%m-%d}", licence="CC0-1.0",
    )  # fmt: skip


def write_pack(rows: Sequence[GradedContrast], name: str = PACK) -> None:
    """Write a pack."""
    cells = [{name: getattr(one, name) for name in COLUMNS} for one in rows]
    write_rows(
        bundled_profiles_dir() / FOLDER / f"{name}.csv",
        COLUMNS,
        [{name: "" if value is None else value for name, value in row.items()} for row in cells],
    )
