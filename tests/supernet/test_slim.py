"""Slimming: it reaches the budgets of two devices, and the paper's actions go as in the paper."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import pytest
import torch
from click.testing import CliRunner

from dsim.arch import Mixer
from dsim.arch.named import read_design
from dsim.cli.main import dsim
from dsim.errors import InvalidValueError
from dsim.latency.records import Identified
from dsim.report.slim import show_slimmed, trace_data
from dsim.supernet import Supernet, slim
from dsim.supernet.choices import Choices
from dsim.supernet.doubts import norm_doubt, untold
from dsim.supernet.elastic import Elastic
from dsim.supernet.evaluator import Evaluation
from dsim.supernet.gumbel import alpha_name
from dsim.supernet.importance import Importance, alpha_importance
from dsim.supernet.moves import single_growths, single_moves
from dsim.supernet.paper_actions import paper_moves, paper_start
from dsim.supernet.prices import Price
from dsim.supernet.slim_supernet import most_evaluations, result_path, start_of
from dsim.supernet.slimming import slim_for
from dsim.supernet.subnet import Subnet
from tests.supernet.small import SMALL

# a space that the paper's actions have something to do in
PAPER = SMALL.fixed(
    widths=((16, 32), (16, 32), (32, 48), (32, 64)),
    depths=((2,), (2,), (2,), (3,)),
    attention_blocks=((0, 1, 2), (0, 1, 2, 3)),
    mlp_ratios=((2.0,),) * 4,
)


class CountedPrices:
    """A device whose milliseconds are counted by hand: 1 a block, 4 a 3D block, and 1/16 a channel of a stage's width."""

    device, confidence = "by hand", 0.9

    def __init__(self, budget_ms: float) -> None:
        self.budget_ms = budget_ms

    def __call__(self, arch: object) -> Price:
        blocks = sum(4.0 if b.mixer.is_attention else 1.0 for stage in arch.stages for b in stage.blocks)
        total = blocks + sum(stage.width for stage in arch.stages) / 16
        return Price(total, total)

    def fits(self, price: Price) -> bool:
        return price.high_ms <= self.budget_ms


def alphas_of(choices: Choices, values: dict[tuple[int, int], tuple[float, ...]]) -> dict[str, torch.Tensor]:
    return {
        alpha_name(stage, slot): torch.tensor(
            values.get((stage, slot), (1.0,) * len(choices.mixers(stage, slot)) + (0.0,))
        )
        for stage in range(4)
        for slot in range(choices.depth(stage))
    }


def test_the_papers_start_puts_3d_behind_4d() -> None:
    choices = Choices(PAPER)
    # stage 4: the first slot is likelier 3D by 0.1, the second 4D by 2, the third 3D by 2. Of the ways to turn once,
    # 4D 4D 3D loses 0.1 against the likeliest paths, 3D 3D 3D loses 2
    alphas = alphas_of(choices, {(3, 0): (1.0, 1.1, 0.0), (3, 1): (3.0, 1.0, 0.0), (3, 2): (1.0, 3.0, 0.0)})
    start = paper_start(choices, alphas)
    assert [block.mixer for block in start.blocks(3)] == [Mixer.POOLING, Mixer.POOLING, Mixer.ATTENTION]
    assert start.widths == (32, 32, 48, 64)


def test_importance_is_the_papers_ratio() -> None:
    choices = Choices(PAPER)
    alphas = alphas_of(choices, {(0, 0): (2.0, 0.0), (3, 0): (1.0, 0.0, 0.0)})
    rows = {(row.stage, row.slot): row.importance for row in alpha_importance(choices, alphas)}
    e = 2.718281828
    assert rows[0, 0] == pytest.approx(e**2, rel=1e-5)  # alpha_4D / alpha_I, as shares
    assert rows[3, 0] == pytest.approx(e + 1, rel=1e-5)  # (alpha_4D + alpha_3D) / alpha_I


def test_the_papers_trace() -> None:
    """Every step below is worked out by hand from the rules of section 3.2."""
    choices = Choices(PAPER)
    net = Elastic(choices, 32, 4, seed=0)
    start = choices.largest
    # stages 1 and 2 have two plain blocks each, stage 3 two 3D blocks, stage 4 three. The least important slot is stage
    # 1's second, the least important stage is stage 2
    worth = {(0, 0): 9.0, (0, 1): 1.0, (1, 0): 2.0, (1, 1): 1.5, (2, 0): 9.0, (2, 1): 9.0}
    worth |= {(3, slot): 9.0 for slot in range(3)}
    importance = tuple(Importance(stage, slot, value, 0.0, 0) for (stage, slot), value in worth.items())

    def accuracy(subnet: Subnet) -> float:
        """Points: 0.2 for stage 1's second slot, 1 for another plain block, 2 for a 3D block; 1 for 16 channels, but 0.3 in
        stage 2.
        """
        points = sum(width / 16 * (0.3 if stage == 1 else 1.0) for stage, width in enumerate(subnet.widths))
        for stage, slots in enumerate(subnet.slots):
            for slot, block in enumerate(slots):
                if block is not None:
                    points += 0.2 if (stage, slot) == (0, 1) else 2.0 if block.mixer.is_attention else 1.0
        return points

    def evaluate(subnet: Subnet) -> Evaluation:
        return Evaluation(subnet.text(), 0.0, 0.0, accuracy(subnet), 100)

    # the largest costs 4 plain blocks, 5 blocks of 3D at 4 ms, and 176 / 16 = 11 ms: 35 ms in all
    found = slim_for(
        net,
        start,
        CountedPrices(25.0),
        lambda subnet: paper_moves(choices, subnet, importance),
        evaluate,
        by_accuracy=True,
        tries=None,
        expected={},
        growths=None,
        doubt=lambda before, after: "",
    )
    # round 1: identity loses 0.2 for 1 ms, the first 3D 2 for 4 (0.5), width in stage 2 0.3 for 1: identity
    # round 2: identity would now be stage 2's second slot, 1 for 1; the first 3D 0.5; width still 0.3: width
    # round 3: stage 2 is as narrow as it gets, stage 1 is the least important that is not, 1 for 1: the first 3D
    # round 4: stage 3 keeps its last block, so that the first 3D that can go is stage 4's: 2 for 4 again
    assert [step.words for step in found.trace] == [
        "select I for the least important MP: stage 1, slot 2",
        "reduce the width of the least important Stage: stage 2, 32 to 16",
        "remove the first MB3D: stage 3, slot 1",
        "remove the first MB3D: stage 4, slot 1",
    ]
    assert [step.high_ms for step in found.trace] == [34.0, 33.0, 29.0, 25.0]
    assert [round(step.accuracy_drop, 6) for step in found.trace] == [0.2, 0.3, 2.0, 2.0]
    assert found.fits


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
            prices(trained.arch(subnet)).high_ms
            for subnet in (trained.choices.smallest, trained.choices.largest)
        )
        budgets[name] = 0.6 * small + 0.4 * large
    before = len(trained.evaluator.known)
    results = slim(trained, devices, budgets, tries=3)
    spent = len(trained.evaluator.known) - before
    assert spent <= most_evaluations(trained, "all", start_of(trained, "all"), 2, 3)
    for result in results:
        assert result.fits
        assert result.high_ms <= result.budget_ms * (1 + 1e-9)
        assert result.trace
        kept = result_path(trained, result)
        assert read_design(kept) == result.arch
        price = Prices.of(result.device, 1.0, 0.9).model.estimate(result.arch.to_graph())
        assert price.complete == (not result.unpriced)
        if price.complete:
            assert price.high_ms == pytest.approx(result.high_ms, rel=1e-6)
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
    assert "at 32 px; latency is for 224 px" in text
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
    show_slimmed([result], [result_path(trained, result)])
    text = " ".join(capsys.readouterr().out.split())
    assert "attention to conv3, because families disagree." in text
    assert (
        "step 1 changes the latency by is not identified on iphone12 (layer norm against batch norm" in text
    )


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
