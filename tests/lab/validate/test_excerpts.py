"""What pages quote of the notes is what the notes say."""

from __future__ import annotations

import pytest

from lab.marked import read_block
from lab.places import DOCS
from lab.validate.excerpts import EXCERPTS, Excerpt, excerpt_text, rows_below

NOTE = """
## One
| a | b |
| --- | --- |
| x | 1.0 (<= 2) |
| y | 3 |

## Two
no table here
"""


def test_the_first_table_below_a_heading_is_read() -> None:
    assert rows_below(NOTE, "## One") == [{"a": "x", "b": "1.0 (<= 2)"}, {"a": "y", "b": "3"}]
    for heading in ("## Two", "## Three"):
        with pytest.raises(ValueError, match="no table"):
            rows_below(NOTE, heading)


@pytest.mark.parametrize("one", EXCERPTS, ids=lambda one: f"{one.page}-{one.block}")
def test_pages_quote_the_notes_as_they_stand(one: Excerpt) -> None:
    assert read_block(DOCS / one.page, one.block) == excerpt_text(one), "run: python -m lab.validate.excerpts"
