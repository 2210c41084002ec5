"""What `dsim study` prints: the answer, the design, alternatives and what to do next, on one screen of 80 columns."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from dsim.arch import get_preset
from dsim.cli import main
from dsim.cli.study import study
from dsim.report.answer import MOST_LINES, alternatives, alternatives_table, short_answer
from dsim.report.missed import alike_lines
from dsim.report.page.stages import stages_figure
from dsim.report.stages import not_searched
from dsim.report.study import show_study
from dsim.search import Candidate, StudyResult, StudySpec
from dsim.search.candidate import Certainty
from dsim.search.missed import Alike, Missed
from dsim.search.result import Cost, NotIdentified, Published
from dsim.search.space import Space
from dsim.search.spec import UPPER_END
from dsim.shelf import Shelved

L1, L3, L7 = (get_preset(f"efficientformer_l{n}") for n in (1, 3, 7))
# budgets that they need: 1.0, 1.8 and 2.4 ms
FAST = Candidate(L1, 0.9, 0.8, 1.0, 0.99, 80.0, 79.0, 81.0, 12_000_000, 1_300_000_000)
GOOD = Candidate(L3, 1.6, 1.4, 1.8, 0.95, 82.0, 81.0, 83.0, 31_000_000, 3_900_000_000)
SLOW = Candidate(L7, 2.0, 1.7, 2.4, 0.5, 83.0, 82.0, 84.0, 82_000_000, 10_000_000_000)
MEASURED = (Published("Net-A", 1.5, 81.0, "a paper"), Published("Net-B", 1.8, 82.5, "a paper"), Published("Net-C", 2.1, 84.0, "over the budget"))  # fmt: skip
KEPT = (
    NotIdentified("activation", "gelu", ("relu",), "families disagree"),
    NotIdentified("norm", "batch", ("layer",), "no clean contrast here"),
)


def on_shelf(network: str, top1: float, how: str = "measured") -> Shelved:
    return Shelved(f"{network}.in1k", network, 224, top1, 1.5, 1.4, 1.6, 1.7, 0.95, how, "a paper", 0.0, 5_000_000,
                   10**9, "mit", False, "300 epochs", "timm.create_model(...)")  # fmt: skip


SHELF = (on_shelf("net_d", 81.5), on_shelf("net_e", 80.0, "predicted"), on_shelf("net_f", 79.0))


def found(**changes: object) -> StudyResult:
    result = StudyResult(
        StudySpec("iphone12", 2.0), GOOD, (FAST, GOOD, SLOW), FAST, (), MEASURED, Cost(2.0, 10, 3, 0)
    )
    return replace(result, **changes)  # type: ignore[arg-type]


def said(result: StudyResult, width: int = 80) -> str:
    return "\n".join(line.plain for line in short_answer(result, width))


def test_it_begins_with_the_answer() -> None:
    text = " ".join(said(found()).split())
    assert text.startswith(
        "On iPhone 12, 12 Pro and 12 Pro Max (A14), the most accurate design that fits 2 ms takes 1.60 ms (1.40 to 1.80) and "
        "reaches 82.0% (81.0 to 83.0) top-1."
    )


def test_a_backbone_is_shown_at_the_size_that_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """Maps are an eighth to a thirty-second of the image's sides in stages 2 to 4; top-1 stays that of the classifier."""
    result = found(spec=StudySpec("iphone12", 2.0, backbone="512x640"))
    assert "The design: 512x640 px, stem" in " ".join(said(result).split())
    show_study(result, details=True)
    shown = capsys.readouterr().out
    assert "Stage by stage, at 512x640 px (stem: two_convs)" in shown
    assert all(size in shown for size in ("128 x 160", "64 x 80", "32 x 40", "16 x 20"))
    assert "56 x 56" not in shown
    (panel,) = stages_figure([("the design", GOOD.arch)], image=result.spec.image).panels
    drawn = json.dumps([panel.title, panel.chart.to_dict()])
    assert "the design: 512x640 px" in drawn
    assert "128x160, 64" in drawn
    assert "56x56" not in drawn


def test_alternatives_say_what_they_trade() -> None:
    assert list(alternatives_table(found()).rows) == [
        ("design 1 of 3", "1.00", "0.90", "80.0", "44% faster, -2.0 points"),
        ("design 3 of 3", "2.40", "2.00", "83.0", "25% slower, +1.0 points"),
    ]


def test_published_networks_with_weights_come_first_and_one_sentence_says_which_to_take() -> None:
    assert [row[:2] for row in alternatives_table(found(shelf=SHELF)).rows] == [
        ("net_d", "measured"),
        ("net_e", "1.70"),
        ("net_f", "measured"),
        ("design 1 of 3", "1.00"),
        ("design 3 of 3", "2.40"),
    ]
    # the design is predicted to reach 82.0, and 81.0 to 83.0
    trained = "300 epochs, distilled, 224 px"
    for best, words in (
        (81.5, f"Prefer net_d.in1k (published, with weights): training the design ({trained}) may bring +0.5 points, or none (-0.5 to +1.5)."),
        (82.4, f"Prefer net_d.in1k (published, with weights): training the design ({trained}) gains nothing: -0.4 points (-1.4 to +0.6)."),
        (84.0, f"Prefer net_d.in1k (published, with weights): training the design ({trained}) would lose: -2.0 points (-3.0 to -1.0)."),
        (80.5, f"Prefer the design, if you can train it ({trained}): +1.5 points (+0.5 to +2.5) on net_d.in1k (published, with weights)."),
    ):  # fmt: skip
        assert words in " ".join(said(found(shelf=(on_shelf("net_d", best),))).split())
    alone = found(shelf=SHELF, chosen=None, nearest_feasible_budget_ms=2.1)
    assert "Prefer net_d.in1k (published, with weights): it fits, and no design does." in " ".join(
        said(alone).split()
    )
    assert "Prefer" not in said(found())


def test_a_screen_that_is_full_keeps_a_measured_network_and_explains_only_what_it_shows() -> None:
    # notes take lines from the table of alternatives until nothing of it is left
    shown = [said(found(shelf=SHELF, not_identified=KEPT, notes=("a note",) * count)) for count in range(12)]
    assert any("net_d" in text and "net_f" not in text for text in shown)
    for text in shown:
        assert "Prefer" in text  # what to take is never left out
        assert ("Measured: by others" in text) == ("net_d  " in text)
        assert ("Needs:" in text) == ("needs ms" in text)
        assert "net_d  " in text or "design 1 of 3" not in text  # designs go first


def test_where_nothing_fits_it_names_a_budget_that_does() -> None:
    result = found(chosen=None, nearest_feasible_budget_ms=1.0004)
    text = " ".join(said(result).split())
    assert text.startswith("On iPhone 12, 12 Pro and 12 Pro Max (A14), no design fits 2 ms.")
    assert "The smallest budget that a design fits is 1.01 ms." in text  # rounded up: 1 ms would not do
    assert "--budget 1.01ms" in text
    assert "the chosen" not in text
    assert alternatives(result) == (GOOD,)  # the fastest is the one that is shown


def test_the_next_command_asks_for_the_size_that_was_searched_in_a_space_of_ones_own() -> None:
    spec = StudySpec("iphone12", 2.0, space=Space(resolution=192, norms=("batch",)))  # type: ignore[arg-type]
    text = " ".join(said(found(spec=spec, chosen=None, nearest_feasible_budget_ms=1.0)).split())
    assert "--space SPACE.toml --px 192" in text


def test_it_says_by_which_rule_a_design_fits_and_what_certainty_costs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    result = found(
        certainty=(Certainty(0.5, SLOW), Certainty(0.9, GOOD), Certainty(0.95, FAST), Certainty(0.99, None))
    )
    words = (
        "a design fits if the chance that it takes no longer is 90% or more. Best top-1 at 50%: 83.0%, 95%: 80.0%, 99%: "
        "none fits."
    )
    assert words in " ".join(said(result).split())
    show_study(result, details=True)
    printed = capsys.readouterr().out
    rows = [line.split() for line in printed.splitlines() if re.match(r" +\d+%", line)]
    assert rows == [
        ["50%", "83.0", "2.00"],
        ["90%", "82.0", "1.60", "asked", "for"],
        ["95%", "80.0", "0.90"],
        ["99%", "none", "fits"],
    ]
    old = found(spec=StudySpec("iphone12", 2.0, fits_by=UPPER_END))
    assert "a design fits if the upper end of its latency does. Top-1 is" in " ".join(said(old).split())


def test_where_no_budget_is_enough_it_says_why_and_asks_for_less() -> None:
    endless = replace(FAST, needs_ms=float("nan"))
    spec = StudySpec("iphone12", 2.0, 0.98)
    sure = found(
        chosen=None,
        fastest=endless,
        front=(),
        spec=spec,
        p_cliff=0.024,
        certainty=(Certainty(0.8, GOOD), Certainty(0.98, None)),
    )
    text = " ".join(said(sure).split())
    assert (
        "No budget is enough for a chance of 98%: the chance that it leaves the accelerator (2.4%) is higher than that allows. "
        "Ask for less with --confidence, or measure it on the device."
    ) in text
    assert "dsim study --device iphone12 --budget 2ms --confidence 0.8" in text
    assert "smallest budget that a design fits is" not in text


def test_it_says_how_likely_the_design_leaves_the_accelerator(capsys: pytest.CaptureFixture[str]) -> None:
    words = (
        "Chance that it leaves the accelerator: 2.4%, and then it is many times slower; the interval does not "
        "include that."
    )
    assert words in " ".join(said(found(p_cliff=0.024)).split())
    for design in (replace(found(), p_cliff=0.024), found(p_cliff=0.024, chosen=None)):
        show_study(design, details=True)
        assert words in " ".join(capsys.readouterr().out.split())
    assert words in found(p_cliff=0.024).sentences()
    for nothing in (None, 0.0, 0.0009):
        assert "accelerator" not in said(found(p_cliff=nothing))


def test_the_commands_are_commands() -> None:
    lines = [line.strip() for line in said(found()).splitlines() if line.startswith("  dsim")]
    assert [line.split()[1] for line in lines] == ["export", "report"]
    assert "--to coreml" in lines[0]
    other = said(found(chosen=None, nearest_feasible_budget_ms=1.0, spec=StudySpec("iphone12", 0.5, 0.8)))
    (line,) = (line for line in other.splitlines() if line.startswith("  dsim study"))
    made = study.make_context("study", shlex.split(line)[2:])
    assert made.params["confidence"] == 0.8
    assert made.params["budgets_ms"] == (1.0,)


@pytest.mark.parametrize(
    ("capped", "interrupted", "swept", "words"),
    [
        (True, False, False, "Stopped early: the time limit ended the search"),
        (False, True, False, "Interrupted: the search is not complete"),
        (True, False, True, "Stopped early: the search itself is complete"),
        (False, True, True, "Interrupted: the search itself is complete"),
    ],
)
def test_what_a_search_did_not_come_to_is_said(
    capped: bool, interrupted: bool, swept: bool, words: str
) -> None:
    assert words in " ".join(said(found(cost=Cost(2.0, 10, 3, 0, capped, interrupted, swept))).split())
    assert words not in " ".join(said(found()).split())


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"not_identified": KEPT},
        {"not_identified": KEPT, "notes": ("a note " * 20, "another note " * 15), "cost": Cost(2.0, 10, 3, 0, True), "p_cliff": 0.024},
        {"chosen": None, "nearest_feasible_budget_ms": 1.0, "not_identified": KEPT, "notes": ("a note " * 20,)},
        {"spec": StudySpec("a-device-whose-profile-is-gone@batch8", 2.0)},
        {"front": (GOOD,), "published": ()},
        {"shelf": SHELF, "not_identified": KEPT, "p_cliff": 0.024},
    ],
)  # fmt: skip
def test_it_is_one_screen(changes: dict[str, object]) -> None:
    lines = said(found(**changes)).splitlines()
    assert len(lines) <= MOST_LINES
    assert max(len(line) for line in lines if not line.startswith("  dsim")) <= 80
    assert not [line for line in lines if re.search(r"\d (to|of)$", line)]


def test_details_hold_what_the_short_answer_leaves_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    show_study(found(not_identified=KEPT), details=True)
    text = " ".join(capsys.readouterr().out.split())
    for part in (
        "Chosen design",
        "Stage by stage",
        "Pareto front (3 of 3",
        "Net-C",
        "families disagree",
        "10 designs",
    ):
        assert part in text
    show_study(found(not_identified=KEPT))
    assert "families disagree" not in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("budget", "device", "holds", "code"),
    [
        ("2ms", "iphone12", "the most accurate design", 0),
        ("0.3ms", "iphone12", "no design fits", 3),
        ("30ms", "pixel4-dsp", "Not searched:", 0),
    ],
)
def test_real_studies_fit_one_screen(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    budget: str,
    device: str,
    holds: str,
    code: int,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(["study", "--device", device, "--budget", budget, "--trials", "8"])
    assert stop.value.code == code
    text = capsys.readouterr().out
    assert holds in text
    assert len(text.splitlines()) <= MOST_LINES
    assert max(map(len, text.splitlines())) <= 80


def test_what_was_not_searched_is_named_itself() -> None:
    """The chosen design may have another activation than the reference: "it stays gelu" was wrong beside hardswish."""
    assert "Not searched: activation relu and norm layer: their prices are not known." in said(
        found(not_identified=KEPT)
    )
    assert not_searched(KEPT[0]) == (
        "activation relu: no price beside gelu is known, because families disagree."
    )


def test_what_is_proved_is_said() -> None:
    result = found(missed=Missed(60, 0.05, regret_at_most=0.0))
    said = dict(alike_lines(result))
    assert said["Proved:"] == (
        "by these predictions, no design of the space that fits has a lower end more than 0.01 points above that of the best "
        "one found, whatever was swept."
    )
    assert "May be missed:" not in said
    some = dict(alike_lines(found(missed=Missed(60, 0.05, regret_at_most=0.1234))))
    assert "has a lower end more than 0.13 points above" in some["Proved:"]
    assert some["May be missed:"].startswith("of 60 combinations")
    assert "Proved:" not in dict(alike_lines(found(missed=Missed(60, 0.05))))


def test_what_is_as_good_is_counted_as_all_only_where_all_were_swept() -> None:
    alike = Alike(0.27, 12, ("stem conv7",))
    some = dict(alike_lines(found(alike=alike, missed=Missed(60, 0.05))))["As good:"]
    assert some.startswith("12 or more combinations of block types hold a design within 0.27 points")
    assert some.endswith("another --seed may differ a little.")
    every = dict(alike_lines(found(alike=replace(alike, mixes=1), missed=Missed(60, 0.0))))["As good:"]
    assert every.startswith("1 combination of block types holds a design within 0.27 points")
    assert "--seed" not in every
