"""The course of a machine's speed as a small plot of letters, and in a sentence."""

from __future__ import annotations

import numpy as np

from dsim.device.drift import ANCHORS, KeptDrift

COLUMNS, ROWS = 60, 7
COURSE, BAND = "*", "."


def drift_plot(drift: KeptDrift) -> tuple[str, ...]:
    """Return the lines of a plot: time to the right, how much longer everything took upwards, its error as dots."""
    minutes = np.array(drift.minutes)
    at = np.linspace(minutes[0], minutes[-1], COLUMNS)
    course = np.interp(at, minutes, drift.percent)
    error = np.interp(at, minutes, drift.error_percent)
    low, high = float((course - error).min()), float((course + error).max())
    high = max(high, low + 1.0)
    edges = np.linspace(high, low, ROWS)
    step = (high - low) / (ROWS - 1)
    lines = []
    for level in edges:
        cells = [
            COURSE if abs(value - level) <= step / 2 else BAND if abs(value - level) <= own else " "
            for value, own in zip(course, error, strict=True)
        ]
        lines.append(f"{level:+6.1f}% |{''.join(cells).rstrip()}")
    lines.append(f"        +{'-' * COLUMNS}")
    lines.append(f"         {minutes[0]:<8.0f}{'minutes':^{COLUMNS - 16}}{minutes[-1]:>8.0f}")
    return tuple(lines)


def drift_sentence(drift: KeptDrift) -> str:
    """Say how much the speed drifted, how that is known, and what was left out."""
    low, high = min(drift.percent), max(drift.percent)
    how = (
        "anchor networks that were timed again and again"
        if drift.told_by == ANCHORS
        else "what the times of all runtimes have in common beside a model's predictions"
    )
    left = (
        f"; {drift.left_out} networks left out, timed where readings contradict one another"
        if drift.left_out
        else ""
    )
    return (
        f"everything took {low:+.1f} to {high:+.1f}% longer than usual over {drift.minutes[-1] - drift.minutes[0]:.0f} minutes, "
        f"known to within {float(np.median(drift.error_percent)):.1f}% from {how}; divided out of every figure{left}"
    )
