"""Text and tables in a given width: nothing is wider, and no figure or interval is broken over lines."""

from __future__ import annotations

import pytest

from dsim.report.console import titled
from dsim.report.layout import fold, table_lines
from dsim.report.table import table

WIDE = table(
    "",
    ("device", "ms", "interval", "what it rests on"),
    [
        ("iphone12", "1.35", "1.11 to 1.89", "networks that were measured on this very phone"),
        ("pixel4-dsp", "at least 4.48", "2.08 or more", "nothing that was measured there"),
    ],
    ("ms",),
)


def test_a_table_with_room_is_as_wide_as_its_cells() -> None:
    data = table("", ("a", "n"), [("one", "5"), ("three", "1,000")], ("n",))
    assert table_lines(data, 80) == ["a           n", "─" * 13, "one         5", "three   1,000"]


def test_words_are_folded_where_figures_stay_whole() -> None:
    lines = table_lines(WIDE, 60)
    assert max(map(len, lines)) == 60
    text = "\n".join(lines)
    for whole in ("at least 4.48", "1.11 to 1.89", "2.08 or more", "pixel4-dsp"):
        assert whole in text
    assert lines[2].startswith("iphone12")
    assert lines[2].endswith("networks that")


def test_too_narrow_a_table_is_a_list() -> None:
    assert table_lines(WIDE, 34) == [
        "iphone12",
        "  ms: 1.35",
        "  interval: 1.11 to 1.89",
        "  what it rests on: networks that",
        "    were measured on this very",
        "    phone",
        "pixel4-dsp",
        "  ms: at least 4.48",
        "  interval: 2.08 or more",
        "  what it rests on: nothing that",
        "    was measured there",
    ]


def test_a_table_without_rows_is_its_head() -> None:
    assert table_lines(table("", ("a", "b"), []), 80) == ["a   b", "─" * 5]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("it takes 1.19 to 2.00 ms there", 14, ["it takes", "1.19 to 2.00 ms", "there"]),
        ("maps of 14 x 14 pixels", 10, ["maps of", "14 x 14", "pixels"]),
        ("reaches 82.6% (81.0 to 84.1) top-1", 22, ["reaches", "82.6% (81.0 to 84.1)", "top-1"]),
        ("median 9.3%, 4 of 36 networks", 12, ["median 9.3%,", "4 of 36", "networks"]),
        ("takes 0.189 to ? ms there", 9, ["takes", "0.189 to ? ms", "there"]),
        ("0.31 (0.189 to ?)", 9, ["0.31 (0.189 to ?)"]),
        ("lost 0.4 (up to 0.9)", 8, ["lost", "0.4 (up to 0.9)"]),
        ("from -0.088 to +0.017 ms", 12, ["from", "-0.088 to +0.017 ms"]),
        ("a name-with-dashes/and/slashes here", 10, ["a", "name-with-dashes/and/slashes", "here"]),
        ("", 10, [""]),
    ],
)
def test_a_text_is_broken_between_words_alone(text: str, width: int, lines: list[str]) -> None:
    assert fold(text, width) == lines


def test_of_a_table_without_rows_one_line_says_that_there_are_none() -> None:
    lines = titled(table("Networks left out", ("network", "why"), [], note="In alphabetical order."), 80)
    assert [line.plain for line in lines] == ["Networks left out: none."]
