"""Score the profiles that dsim measured on the designs that they learned from, each left out in turn, and write the table.

Usage: python -m lab.validate.learned_designs (rewrites the block ``learned designs`` of lab/notes/measuring.md)

What is changed in the model is chosen by these figures: the checks stay out of it, and out of every fold.
"""

from __future__ import annotations

import numpy as np

from dsim.device import find_profile
from dsim.device.profile import DeviceProfile
from dsim.latency.families import DESIGN
from dsim.latency.scoring import spearman
from dsim.measure.left_out import left_out_log_ms
from dsim.report.table import table
from lab.marked import replace_block
from lab.places import NOTES

NAMES = ("epyc-zen4-onnxruntime", "epyc-zen4-openvino", "epyc-zen4-openvino-bf16", "epyc-zen3-openvino",
         "xeon-amx-onnxruntime", "xeon-amx-openvino", "xeon-amx-openvino-bf16")  # fmt: skip


def left_out(profile: DeviceProfile) -> tuple[np.ndarray, np.ndarray]:
    """Return measured and predicted milliseconds (N,) of the designs learned from, each by a model without its fold."""
    whole = {row.graph: row.latency_ms for row in profile.networks if row.counts}
    found = left_out_log_ms(profile, [key for key in whole if key.startswith(DESIGN)])
    return np.array([whole[key] for key in found]), np.exp(list(found.values()))


def main() -> None:
    """Rewrite the table."""
    rows = []
    for name in NAMES:
        measured, predicted = left_out(find_profile(name))
        error = predicted / measured - 1.0
        rows.append(
            (
                name,
                str(len(error)),
                f"{100 * np.median(np.abs(error)):.1f}",
                f"{100 * np.median(error):+.1f}",
                f"{100 * np.std(np.log(predicted / measured)):.1f}",
                f"{100 * np.mean(np.abs(error) <= 0.05):.1f}",
                f"{100 * np.mean(np.abs(error) <= 0.1):.1f}",
                f"{spearman(measured, predicted):.4f}",
            )
        )
    columns = ("profile", "designs", "median %", "bias %", "spread %", "within 5%", "within 10%", "Spearman")
    made = table(
        "Designs learned from, left out a fifth at a time",
        columns,
        rows,
        columns[1:],
        "Bias: the median error with its sign. Spread: one standard deviation of the log of predicted over measured.",
    )
    replace_block(NOTES / "measuring.md", "learned designs", made.markdown())


if __name__ == "__main__":
    main()
