"""The look of the charts, for light and for dark."""

from __future__ import annotations

from typing import Any

from dsim.report.colours import FONT, GREY
from dsim.shift import Verdict

LOSS, GAIN = "#d9622b", "#3b82c4"
SHAPES = ("circle", "square", "triangle-up", "triangle-right", "triangle-down", "cross")

# colour and shape of an interval, so that a verdict is told without colour too
VERDICTS = {
    Verdict.DIFFERENCE: (LOSS, "diamond"),
    Verdict.TOO_FEW: ("#a5811d", "diamond"),
    Verdict.TOO_SMALL: ("#a5811d", "square"),
    Verdict.NO_EVIDENCE: (GREY, "circle"),
    Verdict.SHARED: (GREY, "cross"),
    Verdict.NOT_IDENTIFIED: (GREY, "triangle-down"),
    Verdict.IMPOSSIBLE: (GREY, "triangle-down"),
    Verdict.NOTHING_FITS: (GREY, "triangle-down"),
}


def _config(ink: str, faint: str, ground: str | None) -> dict[str, Any]:
    text = {
        "labelColor": ink,
        "titleColor": ink,
        "labelFont": FONT,
        "titleFont": FONT,
        "titleFontWeight": "normal",
    }
    return {
        "background": ground,
        "font": FONT,
        "view": {"stroke": faint},
        "axis": {
            **text,
            "gridColor": faint,
            "domainColor": faint,
            "tickColor": faint,
            "labelLimit": 260,
            "labelFlush": False,
        },
        "legend": {**text, "labelLimit": 240, "orient": "bottom"},
        "title": {"color": ink, "font": FONT, "fontSize": 12, "anchor": "start", "subtitleColor": ink},
        "text": {"color": ink, "font": FONT},
        "header": {"labelColor": ink, "titleColor": ink},
    }


LIGHT = _config("#22272c", "#dde1e5", None)
DARK = _config("#e4e7ea", "#3a4147", None)
PAPER = _config("#22272c", "#dde1e5", "#ffffff")  # of a PNG, which has no page behind it
