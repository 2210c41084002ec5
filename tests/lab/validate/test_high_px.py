"""Networks by their size: parts, and shares that left the accelerator, worked out by hand."""

from __future__ import annotations

import pytest

from dsim.latency.scoring import Held
from lab.validate.high_px import Sizes, left_words, row, side_of


def _held(graph: str, predicted_ms: float = 1.0, cliff: str = "") -> Held:
    return Held("phone", graph, graph, 1.0, predicted_ms, 0.5, 2.0, cliff, "inside")


@pytest.mark.parametrize(("graph", "side"), [("a@224", 224), ("b@512x640", 512), ("c@d@384", 384)])
def test_the_side_stands_behind_the_last_mark(graph: str, side: int) -> None:
    assert side_of(graph) == side


def test_errors_are_of_networks_that_stayed_and_shares_of_all() -> None:
    sizes = Sizes.of(
        [
            _held("a@224", 1.1),
            _held("a@379", 1.1),
            _held("a@380", 1.3),
            _held("a@512", 1.1),
            _held("a@513", 9.0),
            _held("b@448", 50.0, "timed on the CPU"),
        ]
    )
    title, profiles, networks, median, within, covered, below, *left = row("phones", 1, sizes)
    assert (title, profiles, networks) == ("phones", "1", "2")
    assert (median, within, covered, below) == ("20.0", "50", "100", "10.0")
    assert [words.partition(" (")[0] for words in left] == ["1 of 3", "0 of 2"]


def test_where_none_left_the_share_may_be_none() -> None:
    """Jeffreys' upper end for none of ten is the 97.5% point of Beta(0.5, 10.5), 21.7%."""
    assert left_words([_held("a@224")] * 10) == "0 of 10 (0 to 22%)"
