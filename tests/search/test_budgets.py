"""Several budgets in one run: each answer is what a search at that budget alone finds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from dsim.cli.main import dsim as command
from dsim.errors import InvalidValueError
from dsim.report.budgets import budgets_table, show_budgets
from dsim.search import BudgetStudies, StudyResult, search, search_budgets
from dsim.shelf import shortlists
from tests.search.test_study import SMALL

DEVICE = "iphone12"


def same(a: StudyResult, b: StudyResult) -> None:
    assert replace(a, cost=replace(a.cost, seconds=0.0)) == replace(b, cost=replace(b.cost, seconds=0.0))


@pytest.mark.slow
def test_each_answer_is_that_of_a_search_at_its_budget_alone() -> None:
    found = search_budgets(DEVICE, ["2ms", "0.02ms", "1ms"], trials=12)
    assert [one.spec.budget_ms for one in found.studies] == [0.02, 1.0, 2.0]
    for one in found.studies:
        same(one, search(DEVICE, one.spec.budget_ms, trials=12))
    frame = found.to_frame()
    assert frame["budget_ms"].to_list() == [0.02, 1.0, 2.0]
    assert frame["top1"].is_null().to_list() == [True, False, False]


@pytest.mark.slow
def test_the_command_shows_one_table_and_keeps_a_folder_for_each_budget(tmp_path: Path) -> None:
    words = ["study", "--device", DEVICE, "--budget", "2ms,0.02ms", "--trials", "2", "--out", str(tmp_path)]
    shown = CliRunner().invoke(command, words)
    assert shown.exit_code == 0
    said = " ".join(shown.stdout.split())
    assert "nothing fits; 0." in said
    assert len(shown.stdout.splitlines()) <= 30
    assert {one.name for one in tmp_path.iterdir()} == {f"{DEVICE}-2ms", f"{DEVICE}-0.02ms"}
    told = json.loads(CliRunner().invoke(command, [*words, "--json"]).stdout)
    assert [one["budget_ms"] for one in told["studies"]] == [0.02, 2.0]
    alone = CliRunner().invoke(command, [*words[:4], "2ms", *words[5:], "--json"])
    assert json.loads(alone.stdout)["chosen"] == told["studies"][1]["chosen"]


def test_each_budget_says_at_which_size_of_image_its_design_is_the_best(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def found(*sides: int) -> BudgetStudies:
        return BudgetStudies(
            tuple(
                search(DEVICE, ms, px=px, space=SMALL, trials=1)
                for ms, px in zip((1.0, 2.0), sides, strict=True)
            )
        )

    several, one = found(192, 224), found(224, 224)
    show_budgets(several)
    said = " ".join(capsys.readouterr().out.split())
    assert "(300 epochs, distilled, at the px of its row)" in said
    assert [row[1] for row in budgets_table(several).rows] == ["192", "224"]
    assert several.to_frame()["px"].to_list() == ["192", "224"]
    assert "at 192 px" in repr(several)
    show_budgets(one)
    assert "(300 epochs, distilled, 224 px)" in " ".join(capsys.readouterr().out.split())
    assert "px" not in budgets_table(one).columns


@pytest.mark.parametrize("budgets", [[], [f"{n}ms" for n in range(1, 22)]])
def test_no_budget_or_too_many_end_in_one_line(budgets: list[str]) -> None:
    with pytest.raises(InvalidValueError, match="a search takes 1 to 20 budgets, got"):
        search_budgets(DEVICE, budgets)


def test_a_budget_that_is_given_twice_is_refused() -> None:
    with pytest.raises(
        InvalidValueError, match="each budget must be given once, got 2ms twice; leave one out"
    ):
        search_budgets(DEVICE, ["2ms", 1.0, "2000us"])
    with pytest.raises(InvalidValueError, match="got 2ms twice"):
        shortlists(DEVICE, ["2ms", 2.0])
