"""Colours and the font of charts and drawings; every colour of data is readable on a light ground and on a dark one."""

from __future__ import annotations

from dsim.arch import Mixer

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
# tones of middle lightness: contrast of 3 or more on white and on #14171a
COLOURS = (
    "#3b82c4", "#d9622b", "#2b9469", "#c74b8b", "#8a6fd1", "#a5811d", "#1f94a8", "#b0524a", "#6f8a2e", "#7f7f9a", "#c2701a", "#4f76d8",
)  # fmt: skip
GREY = "#808891"
MIXERS = {mixer: COLOURS[n % len(COLOURS)] for n, mixer in enumerate(Mixer)}
