"""Draw where the milliseconds go: a row for each block, a bar for each operator, from the first to the last."""

from __future__ import annotations

from dsim.latency import LatencyEstimate
from dsim.report.colours import COLOURS, GREY
from dsim.report.svg import Canvas, Drawing, cut
from dsim.report.time_rows import TimeBar, time_rows

WIDTH = 960
MARGIN = 24
NAMES = 190  # pixels of the names of blocks
SHARES = 150  # of the figures on the right
SCREEN = 720  # pixels that a laptop shows
KINDS = 7  # kinds of operator with a colour of their own


def draw_ops(answer: LatencyEstimate, name: str, device: str) -> Drawing:
    """Draw the share of each operator in an estimate, cumulative.

    Parameters
    ----------
    name, device
        What to call the network, and the device.
    """
    rows, total = time_rows(answer), answer.latency_ms
    colours = dict(zip(list(answer.by_op)[:KINDS], COLOURS, strict=False))
    others = {"other operators": GREY} if len(answer.by_op) > KINDS else {}
    title = (
        f"{name} on {device}: {'' if answer.complete else 'at least one operator unknown, '}{total:.3g} ms"
    )
    interval = (
        f"{answer.confidence:.0%} interval {answer.low_ms:.3g} to {answer.high_ms:.3g} ms"
        if answer.complete
        else "no interval"
    )
    top = 128
    step = min(18.0, (SCREEN - top - 40) / len(rows))
    size = min(12.0, step - 2)
    canvas = Canvas(WIDTH, top + step * len(rows) + 40, title)
    canvas.text(MARGIN, 30, cut(title, WIDTH - 2 * MARGIN, 16), 16, "strong")
    said = f"Predicted, {interval}. Each bar is an operator, where it runs; its part of the time is the model's, not measured."
    canvas.text(MARGIN, 52, said, 12, "faint")
    canvas.legend(MARGIN, 78, {**colours, **others})
    left, wide = MARGIN + NAMES, WIDTH - 2 * MARGIN - NAMES - SHARES
    canvas.text(WIDTH - MARGIN - 80, top - 12, "share", 12, "faint", "end")
    canvas.text(WIDTH - MARGIN, top - 12, "up to here", 12, "faint", "end")
    for quarter in range(5):
        x = left + wide * quarter / 4
        canvas.rule(x, top - 6, x, top + step * len(rows) + 4)
        canvas.text(x, top - 12, f"{total * quarter / 4:.3g} ms", 11, "faint", "middle")
    for number, row in enumerate(rows):
        y = top + number * step
        canvas.text(MARGIN, y + step * 0.72, cut(row.name, NAMES - 8, size), size)
        for bar in row.bars:
            begins = left + wide * bar.start_ms / total
            canvas.box(
                begins,
                y + step * 0.1,
                wide * bar.ms / total,
                step * 0.8,
                colours.get(bar.kind, GREY),
                _tip(bar, total),
            )
        done = max(bar.end_ms for bar in row.bars) / total
        canvas.text(WIDTH - MARGIN - 80, y + step * 0.72, f"{row.ms / total:.1%}", size, "", "end")
        canvas.text(WIDTH - MARGIN, y + step * 0.72, f"{done:.0%}", size, "faint", "end")
    return canvas.finish()


def _tip(bar: TimeBar, total: float) -> str:
    rests = f" ({bar.evidence})" if bar.evidence else ""
    return f"{bar.kind}: {bar.ms:.3g} ms{rests}, {bar.ms / total:.1%} of all; up to here {bar.end_ms / total:.1%}"
