"""The table of contrasts."""

from __future__ import annotations

from dataclasses import replace

from dsim.device.find import find_profile
from dsim.device.profile import Contrast, DeviceProfile
from dsim.measure.contrast import PAIRS, Shape, block_key
from dsim.report.contrasts import contrast_table, short_names

SHAPES = (Shape(14, 192), Shape(7, 384))
GELU, LAYER = "activation:relu>gelu", "norm:batch>layer"


def profile(name: str, shares: dict[str, float], half: float = 0.02) -> DeviceProfile:
    """Make a profile in which blocks of 2 ms change by given shares."""
    pairs = {pair.choice: pair for pair in PAIRS}
    return replace(
        find_profile("pixel8-edgetpu"),
        name=name,
        chip="Chip",
        contrasts=tuple(
            Contrast(
                choice, "", block_key(pairs[choice].a, shape), block_key(pairs[choice].b, shape), 2.0, 2.0 * (1.0 + share),
                0.0, "m", "p", "l", "s", "", 2.0 * share - half, 2.0 * share + half,
            )
            for choice, share in shares.items()
            for shape in SHAPES
        ),
    )  # fmt: skip


def test_cells_hold_difference_interval_and_share() -> None:
    found = contrast_table((profile("a-ort", {GELU: 0.1}), profile("a-torch", {GELU: -0.05, LAYER: 0.5})))
    assert found.columns == ("choice", "block", "ort", "torch")
    cells = {row[:2]: row[2:] for row in found.rows}
    assert cells["relu, batch norm", "14x14x192"] == ("2 ms", "2 ms")
    assert cells["relu to gelu", "7x7x384"] == (
        "+0.2 (+0.18 to +0.22), +10%",
        "-0.1 (-0.12 to -0.08), -5%",
    )
    assert cells["batch to layer", "7x7x384"] == ("-", "+1 (+0.98 to +1), +50%")


def test_names_lose_the_words_that_all_share() -> None:
    three = tuple(
        profile(name, {}) for name in ("epyc-zen4-openvino", "epyc-zen4-openvino-bf16", "epyc-zen4-ort")
    )
    assert short_names(three) == ("openvino", "openvino-bf16", "ort")
    assert short_names(three[:2]) == ("openvino", "openvino-bf16")
    assert short_names(three[:1]) == ("epyc-zen4-openvino",)
