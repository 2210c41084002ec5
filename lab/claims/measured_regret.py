"""What was measured of the shift: one change on two devices, and regret among published networks, into lab/notes/shift.md.

Usage: python -m lab.claims.measured_regret

No model and no search: see `dsim.shift.shared_contrasts` and `dsim.shift.measured_regret`. It takes a few minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from dsim.device import find_profile
from dsim.report.measured_regret import regret_table
from dsim.report.table import TableData, table
from dsim.report.tiers import contrasts_table
from dsim.shift.measured_regret import MeasuredRegret, every_regret
from dsim.shift.shared_contrasts import shared_contrasts
from dsim.shift.summary import kind_of
from lab.marked import replace_block
from lab.places import NOTES

# of each sort of stack one or a few: phones' engines, CPUs and GPUs, boards, desktops
LATENCY = (
    "iphone12",
    "iphone13",
    "iphone14",
    "iphone11-pro-coreml-all",
    "iphone11-pro-coreml-cpu",
    "iphone11-pro-coreml-gpu",
    "galaxy-s24-qnn-float",
    "galaxy-s24-onnx-float",
    "galaxy-s24-tflite-float",
    "galaxy-s25-qnn-float",
    "x-elite-qnn-float",
    "pixel4-cpu-1large-float",
    "pixel4-cpu-1large-quant",
    "pixel4-cpu-1large-torch-float",
    "galaxy-s10-cpu-1large-torch-float",
    "iphonexs-cpu-1large-torch-float",
    "jetson-agx-xavier-tensorrt",
    "jetson-agx-xavier-torch",
    "rz-v2h-npu",
    "rz-v2l-npu",
    "i7-12700h",
    "i9-10940x",
    "epyc-zen3-onnxruntime",
    "epyc-zen3-openvino",
    "epyc-zen4-onnxruntime",
    "epyc-zen4-openvino",
    "epyc-zen4-openvino-bf16",
    "xeon-amx-onnxruntime",
    "xeon-amx-openvino",
    "xeon-amx-openvino-bf16",
)
# one change at a time was timed there: three chips, one library in all its precisions and another
CHANGED = (
    "xeon-amx-openvino",
    "xeon-amx-openvino-bf16",
    "xeon-amx-onnxruntime",
    "epyc-zen4-openvino",
    "epyc-zen4-openvino-bf16",
    "epyc-zen4-onnxruntime",
    "epyc-zen3-openvino",
    "epyc-zen3-onnxruntime",
)
# what lies between two devices whose changes are shown: one thing alone, for another runtime brings its own layout
ALONE = ({"chip"}, {"precision"}, {"runtime", "layout"})
THROUGHPUT = (
    "hailo8",
    "hailo8l",
    "rtx3090-eager",
    "rtx4090-eager",
    "rtx4090-eager-nhwc",
    "rtx4090-compiled",
    "rtx5090-compiled",
    "rtxpro6000-compiled-bf16",
)


def by_kind(found: Iterable[MeasuredRegret]) -> TableData:
    """Return how many pairs lose significantly, and how much, by what differs."""
    kinds: dict[str, list[MeasuredRegret]] = {}
    for one in found:
        kinds.setdefault(kind_of(one.pair), []).append(one)
    rows = [
        (
            kind,
            str(len(own)),
            f"{sum(one.exceeds for one in own)}",
            f"{np.median([one.lost.value for one in own]):.2f}",
            f"{np.median([one.null.value for one in own]):.2f}",
            f"{max(one.lost.value for one in own):.2f}",
        )
        for kind, own in sorted(kinds.items())
    ]
    columns = ("shift", "ordered pairs", "significant", "median points lost", "against itself", "most")
    return table(
        "Measured regret by what differs",
        columns,
        rows,
        columns[1:],
        "Significant at 90%, each pair by itself. Of pairs where nothing differs at most one in twenty would be so by chance.",
    )


def tables(found: Sequence[MeasuredRegret]) -> tuple[TableData, ...]:
    """Return the summary, then the pairs that lose significantly."""
    strong = [one for one in found if one.exceeds]
    return by_kind(found), regret_table(strong, "Pairs with a significant measured regret")


def main() -> None:
    """Compute, and rewrite the blocks ``one-change`` and ``measured-regret``."""
    contrasts = [
        one
        for one in shared_contrasts([find_profile(name) for name in CHANGED])
        if set(one.pair.differs_in) in ALONE
    ]
    replace_block(NOTES / "shift.md", "one-change", contrasts_table(contrasts).markdown())
    found = [
        one for names in (LATENCY, THROUGHPUT) for one in every_regret([find_profile(name) for name in names])
    ]
    replace_block(NOTES / "shift.md", "measured-regret", "\n".join(one.markdown() for one in tables(found)))


if __name__ == "__main__":
    main()
