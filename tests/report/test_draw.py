"""Drawings: what stands in them, that no words overlap or leave the picture, and that bad input ends in one line."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from click.testing import CliRunner

import dsim
from dsim.arch import PRESETS, Arch, Mixer, Stage, get_preset
from dsim.arch.choices import Downsample
from dsim.cli.main import dsim as command
from dsim.errors import FileAccessError, InvalidValueError
from dsim.latency import Basis, KernelCost, LatencyEstimate
from dsim.report.draw_ops import SCREEN, draw_ops
from dsim.report.draw_stages import draw_stages
from dsim.report.svg import Canvas, Drawing, width_of
from dsim.report.time_rows import MOST_ROWS, time_rows

L1 = get_preset("efficientformer_l1")
NAME = "{http://www.w3.org/2000/svg}"
DEEP = Arch(
    tuple(
        Stage.of(width, 60, Mixer.CONV3, downsample=down, attention_blocks=n, attention=Mixer.ATTENTION_V2, mlp_ratio=[1.5, 2, 2.5, 3] * 15)
        for width, n, down in (
            (40, 0, Downsample.NONE), (4000, 0, Downsample.CONV_NORM), (64, 30, Downsample.CONV_NORM), (8, 4, Downsample.CONV_NORM)
        )
    )
)  # fmt: skip


def kernel(scope: str, kind: str, ms: float) -> KernelCost:
    return KernelCost(scope, kind, ms, Basis.MEASURED)


ANSWER = LatencyEstimate(
    10.0, 8.0, 12.0, 0.9, 0.0, True, 1.0,
    (kernel("a", "conv2d", 4.0), kernel("a", "add", 1.0), kernel("b", "conv2d", 4.0)),
)  # fmt: skip


def long_answer(count: int) -> LatencyEstimate:
    kernels = tuple(
        kernel(f"features.layer{n}.attention.projection", f"kind{n % 11}", 1.0) for n in range(count)
    )
    return replace(ANSWER, latency_ms=count + 1.0, kernels=kernels)


def boxes_of_words(drawing: Drawing) -> list[tuple[float, float, float, float, str]]:
    """Return left, right, top, bottom and the words of each text, as wide as its letters can be."""
    out = []
    for text in ElementTree.fromstring(drawing.svg).iter(f"{NAME}text"):
        size, x, y = (float(text.attrib[key]) for key in ("font-size", "x", "y"))
        wide = width_of(text.text or "", size)
        left = x - {"end": wide, "middle": wide / 2}.get(text.attrib.get("text-anchor", ""), 0.0)
        out.append((left, left + wide, y - 0.8 * size, y + 0.2 * size, text.text or ""))
    return out


DRAWINGS = {
    **{name: lambda name=name: draw_stages(get_preset(name), name) for name in PRESETS},
    "deep": lambda: draw_stages(DEEP, "deep"),
    "ops": lambda: draw_ops(ANSWER, "net", "a phone"),
    "many ops": lambda: draw_ops(long_answer(500), "net" * 60, "a phone"),
    "few ops": lambda: draw_ops(long_answer(MOST_ROWS - 2), "net", "a phone"),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_words_do_not_overlap_and_the_picture_fits_a_screen(name: str) -> None:
    drawing = DRAWINGS[name]()
    svg = ElementTree.fromstring(drawing.svg)
    wide, high = float(svg.attrib["width"]), float(svg.attrib["height"])
    assert wide <= 1280
    assert high <= SCREEN
    words = boxes_of_words(drawing)
    for left, right, top, bottom, text in words:
        assert left >= 0, text
        assert right <= wide + 0.5, text
        assert top >= 0, text
        assert bottom <= high, text
    for a, b in combinations(words, 2):
        apart = a[1] <= b[0] or b[1] <= a[0] or a[3] <= b[2] or b[3] <= a[2]
        assert apart, f"{a[4]!r} overlaps {b[4]!r}"
    assert "prefers-color-scheme:dark" in drawing.svg
    assert not re.search(r"<script|<image|href=|url\(", drawing.svg)


def test_every_block_is_a_bar_as_high_as_its_stage_is_wide() -> None:
    svg = ElementTree.fromstring(draw_stages(L1, "l1").svg)
    bars = [box for box in svg.iter(f"{NAME}rect") if box.find(f"{NAME}title") is not None]
    assert len(bars) == 3 + 2 + 6 + 4  # the paper's EfficientFormer-L1
    heights = [float(bar.attrib["height"]) for bar in bars]
    assert heights[0] / heights[-1] == pytest.approx(48 / 448, rel=0.01)
    assert "stage 4, block 4 of 4: attention, MLP ratio 4 (1792 channels), gelu" in str(
        bars[-1].find(f"{NAME}title").text
    )  # type: ignore[union-attr]


def test_bars_of_time_stand_where_the_time_goes() -> None:
    """10 ms: a has 4 and 1, b has 4, and 1 belongs to nothing; worked out by hand."""
    rows = time_rows(ANSWER)
    assert [(row.name, row.ms) for row in rows] == [("a", 5.0), ("b", 4.0), ("fixed, of no operator", 1.0)]
    assert [(bar.start_ms, bar.end_ms) for row in rows for bar in row.bars] == [
        (0, 4),
        (4, 5),
        (5, 9),
        (9, 10),
    ]
    text = draw_ops(ANSWER, "net", "a phone").svg
    assert "conv2d: 4 ms (measured), 40.0% of all; up to here 40.0%" in text
    assert "add: 1 ms (measured), 10.0% of all; up to here 50.0%" in text
    words = [one[4] for one in boxes_of_words(draw_ops(ANSWER, "net", "a phone"))]
    assert words[-9:] == ["a", "50.0%", "50%", "b", "40.0%", "90%", "fixed, of no operator", "10.0%", "100%"]


def test_what_is_written_is_escaped() -> None:
    canvas = Canvas(100, 100, "<script>")
    canvas.text(0, 20, "<b>&\"'")
    canvas.box(0, 0, 1, 1, "#000000", "</title><script>")
    svg = canvas.finish().svg
    assert "<script" not in svg
    assert [text.text for text in ElementTree.fromstring(svg).iter(f"{NAME}text")] == ["<b>&\"'"]


def test_the_command_and_python_draw_the_same(tmp_path: Path) -> None:
    for words, device in (((), None), (("--ops", "--device", "iphone12"), "iphone12")):
        path = tmp_path / f"{device}.svg"
        done = CliRunner().invoke(command, ["draw", "efficientformer_l1", *words, "-o", str(path)])
        assert done.exit_code == 0, done.output
        drawing = dsim.draw("efficientformer_l1", device=device)
        assert path.read_text(encoding="utf-8") == drawing.svg == drawing._repr_svg_()
        assert len(repr(drawing)) < 200


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("efficientformer_l9", "-o", "a.svg"), "closest: efficientformer_l"),
        (("no/arch.json", "-o", "a.svg"), "does not exist"),
        (("efficientformer_l1", "-o", "a.png"), "end it in .svg"),
        (("efficientformer_l1", "--ops", "-o", "a.svg"), "--ops and --device go together"),
        (("efficientformer_l1", "--device", "iphone12", "-o", "a.svg"), "--ops and --device go together"),
        (("efficientformer_l1", "--ops", "--device", "iphone99", "-o", "a.svg"), "unknown device"),
    ],
)
def test_bad_input_ends_in_one_line(
    words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(command, ["draw", *words])
    assert done.exit_code != 0
    assert said in done.output
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileAccessError, match="must be a folder"):
        dsim.draw(L1, tmp_path / "file" / "a.svg")
    with pytest.raises(InvalidValueError, match=r"end it in \.svg"):
        dsim.draw(L1, tmp_path / "a.html")
