"""Slimming: it reaches the budgets of two devices, and says what no device's evidence tells."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from dsim.arch.named import read_design
from dsim.cli.main import dsim
from dsim.errors import InvalidValueError
from dsim.latency.records import Identified
from dsim.report.slim import show_slimmed, trace_data
from dsim.supernet import Supernet, slim
from dsim.supernet.choices import Choices
from dsim.supernet.doubts import norm_doubt, untold
from dsim.supernet.moves import single_growths, single_moves
from dsim.supernet.slim_supernet import most_evaluations, result_path, start_of
from tests.supernet.small import SMALL


def test_a_growth_undoes_a_move() -> None:
    choices = Choices(SMALL)
    for move in single_moves(choices, choices.largest):
        back = {growth.subnet for growth in single_growths(choices, move.subnet)}
        # a slot is filled with the least MLP ratio, so that dropping a block takes two moves to undo
        wanted = choices.largest
        if move.kind == "drop":
            again = itertools.chain.from_iterable(single_growths(choices, subnet) for subnet in back)
            back |= {growth.subnet for growth in again}
        assert wanted in back, move.words


def verdict(choice: str, identified: bool) -> dict[str, Identified]:
    return {choice: Identified(choice, 0.1, -1.0, 1.0, identified, "families disagree")}


def test_exchanges_follow_the_evidence_as_in_a_study() -> None:
    start = Choices(SMALL).largest
    moves = list(single_moves(Choices(SMALL), start))
    exchange = next(move for move in moves if move.kind == "exchange")
    against = verdict("mixer:attention>conv3", False)
    # with a verdict against it, the exchange may not be chosen; without one it may, as in a study
    assert untold(start, exchange, against) == {"attention to conv3": "families disagree"}
    assert (
        untold(start, exchange, verdict("mixer:attention>conv3", True)) == untold(start, exchange, {}) == {}
    )
    assert not any(untold(start, move, against) for move in moves if move is not exchange)
    # it also exchanges layer norm for batch norm, which must have been shown
    assert norm_doubt(start, exchange.subnet, verdict("norm:layer>batch", True)) == ""
    assert norm_doubt(start, exchange.subnet, {}) == (
        "layer norm against batch norm: the profile has no evidence on it"
    )
    assert not any(norm_doubt(start, move.subnet, {}) for move in moves if move is not exchange)


def test_both_budgets_are_reached(trained: Supernet, capsys: pytest.CaptureFixture[str]) -> None:
    from dsim.supernet.prices import Prices

    budgets, devices = {}, ("iphone12", "pixel4-dsp")
    for name in devices:
        prices = Prices.of(name, 1.0, 0.9)
        small, large = (
            prices(trained.arch(subnet)).needs_ms
            for subnet in (trained.choices.smallest, trained.choices.largest)
        )
        budgets[name] = 0.6 * small + 0.4 * large
    before = len(trained.evaluator.known)
    results = slim(trained, devices, budgets, tries=3)
    spent = len(trained.evaluator.known) - before
    assert spent <= most_evaluations(trained, "all", start_of(trained, "all"), 2, 3)
    for result in results:
        assert result.actions == "all"  # as the supernet's importance is by ablation
        assert result.fits
        assert result.needs_ms <= result.budget_ms * (1 + 1e-9)
        assert result.trace
        kept = result_path(trained, result)
        assert read_design(kept) == result.arch
        model, graph = Prices.of(result.device, 1.0, 0.9).model, result.arch.to_graph()
        assert model.estimate(graph).complete == (not result.unpriced)
        chance = model.p_fits(model.featurise(graph)[None], result.needs_ms)
        assert chance[0] == pytest.approx(0.9, abs=1e-6)
    assert slim(trained, devices, budgets, tries=3) == results  # nothing is evaluated again
    assert len(trained.evaluator.known) - before == spent
    words = ",".join(f"{name}={budget!r}ms" for name, budget in budgets.items())
    shown = CliRunner().invoke(
        dsim,
        ["slim", str(trained.home.folder), "--device", ",".join(devices), "--budget", words, "--tries", "3"],
        env={"COLUMNS": "200"},  # no cell is folded
    )
    assert shown.exit_code == 0, shown.output
    text = " ".join(shown.stdout.split())
    assert text.count(" fits ") == 2
    assert results[0].trace[0].words.split(":")[0] in text
    assert "at 32 px; latency is for 224 px and 4 classes" in text
    by_paper = trace_data(replace(results[0], actions="paper")).note
    for words in (
        "select I for the least important MP",
        "remove the first MB3D",
        "reduce the width of the least",
    ):
        assert words in by_paper
    doubtful = replace(results[0].trace[0], doubt="layer norm against batch norm: families disagree")
    result = replace(
        results[0], trace=(doubtful,), not_identified={"attention to conv3": "families disagree"}
    )
    show_slimmed([result], [result_path(trained, result)], trained.data, 640)
    text = " ".join(capsys.readouterr().out.split())
    assert "attention to conv3, because families disagree." in text
    assert (
        "step 1 changes the latency by is not identified on iphone12 (layer norm against batch norm" in text
    )


def test_a_budget_that_the_first_design_fits_is_said_in_words_with_the_command_to_train_it(
    trained: Supernet,
) -> None:
    shown = CliRunner().invoke(
        dsim, ["slim", str(trained.home.folder), "--device", "iphone12", "--budget", "1s"]
    )
    text = " ".join(shown.stdout.split())
    assert shown.exit_code == 0
    assert (
        "From the supernet to iphone12 under 1000 ms: it begins with a design that fits, and takes nothing away."
        in text
    )
    assert "none" not in text.split("Sizes:")[0]
    kept = trained.home.folder / "slim-iphone12-1000ms.json"
    command = f"dsim train {kept} --data {trained.data} --from {trained.home.folder} --images 1920 --out slim-iphone12-1000ms.model"
    assert f"  {command}" in shown.stdout.splitlines()


def test_other_actions_replace_no_design(trained: Supernet) -> None:
    (own,) = slim(trained, "iphone12", "900ms")
    (other,) = slim(trained, "iphone12", "900ms", actions="paper")
    assert result_path(trained, own).name == "slim-iphone12-900ms.json"
    assert result_path(trained, other).name == "slim-iphone12-900ms-paper.json"
    for result in (own, other):
        assert json.loads(result_path(trained, result).read_text())["actions"] == result.actions


def test_what_cannot_fit_says_so(trained: Supernet) -> None:
    result = CliRunner().invoke(
        dsim,
        [
            "slim",
            str(trained.home.folder),
            "--device",
            "iphone12",
            "--budget",
            "0.01ms",
            "--tries",
            "1",
            "--json",
        ],
    )
    assert result.exit_code == 3
    assert json.loads(result.stdout)["designs"][0]["fits"] is False
    with pytest.raises(InvalidValueError, match="every device needs a budget, and pixel4-dsp has none"):
        slim(trained, ["iphone12", "pixel4-dsp"], {"iphone12": 1.0})
