"""Big results show a summary in Python and in a notebook, not all that they hold; and HTML shows names as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

import dsim
from dsim.accuracy import load_accuracy_model
from dsim.arch import get_preset
from dsim.search import StudyResult
from dsim.search.result import NotIdentified
from dsim.search.study import search_mixes
from dsim.summaries import MOST_ROWS, Summary
from tests.search.test_study import scorer, spec
from tests.shift.test_serial import comparison

MOST = 3000  # characters; a study's took 118,384
L1 = get_preset("efficientformer_l1")


def study(budget_ms: float = 1.2) -> StudyResult:
    asked = spec(trials=3, budget_ms=budget_ms)
    found = search_mixes(asked, scorer(budget_ms), "a")
    gone = (NotIdentified("activation", "gelu", ("relu",), "families disagree"),)
    nearest = None if found.chosen else found.fastest.high_ms
    return StudyResult(
        asked, found.chosen, found.front, found.fastest, gone, (), found.cost, nearest, ("<b>a note</b>",)
    )


RESULTS: dict[str, tuple[Callable[[], object], tuple[str, ...]]] = {
    "study": (study, ("fake within 1.2 ms", "90% interval", "224 px", "stage 4", "activation stays gelu", "designs, in .front")),
    "study without a design": (lambda: study(1e-6), ("nothing fits; nearest feasible budget", "stage 4")),
    "design with scores": (lambda: study().fastest, ("latency", "top-1", "stage 1")),
    "comparison": (comparison, ("Comparison of 2 devices", "regret", "flips", "paired draws")),
    "device of a comparison": (lambda: comparison().devices[0], ("budget", "front")),
    "latency": (lambda: dsim.predict(L1, "iphone12"), ("ms, 90% interval", "time goes to", "prices rest on")),
    "accuracy": (lambda: dsim.top1(L1), ("top-1", "224 px", "at 90%")),
    "network": (L1.to_graph, ("12.29 M parameters", "1.291 GMACs", "33 conv2d", "(1, 3, 224, 224)")),
    "design": (lambda: L1, ("two_convs", "stage 3", "width 224", "6 x pooling")),
    "profile": (lambda: dsim.load_profile("iphone12"), ("iphone12", "A14", "networks", "px")),
}  # fmt: skip


class Read(HTMLParser):
    """The text of a page, and its tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_shows_what_a_person_wants(name: str) -> None:
    make, words = RESULTS[name]
    found = make()
    assert len(repr(found)) < MOST
    assert "np.float64" not in repr(found)
    page = Read(found._repr_html_())  # type: ignore[attr-defined]
    assert page.tags <= {"div", "strong", "table", "tr", "td"}
    for word in words:
        assert word in repr(found)
        assert word in page.text


def test_html_shows_what_a_name_holds_and_runs_nothing() -> None:
    evil = "<script>alert('x')</script>&\"'"
    for found in (replace(study(), notes=(evil,)), Summary(evil, ((evil, evil),))):
        page = found._repr_html_() if isinstance(found, StudyResult) else found.html()
        assert "<script" not in page
        assert evil in Read(page).text


def test_long_values_and_many_rows_are_cut() -> None:
    shown = Summary("title", tuple((f"row {n}", "x\n" * 5000) for n in range(MOST_ROWS + 7))).text()
    assert len(shown.splitlines()) == 1 + MOST_ROWS + 1
    assert "and 7 more" in shown
    assert max(map(len, shown.splitlines())) < 200


def test_top1_is_for_the_designs_own_resolution() -> None:
    model, large = load_accuracy_model(), replace(L1, resolution=256)
    found = dsim.top1(large)
    assert found.resolution == 256
    assert "256 px" in repr(found)
    # by itself, and beside a design of another resolution
    table = np.stack([model.summarise(arch.to_graph()) for arch in (L1, large)])
    both = model.predict(table, designs=True).top1
    assert both[1] == pytest.approx(found.top1, abs=1e-3)
    assert both[0] == pytest.approx(dsim.top1(L1).top1, abs=1e-3)
    # a network that is trained and tested on larger images is more accurate
    assert 0.0 < both[1] - both[0] < 2.0
