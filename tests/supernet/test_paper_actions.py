"""`--actions paper`: the rules of section 3.2 step by step, and the whole road on the command line, where it is the default."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from dsim.arch import Mixer
from dsim.arch.named import read_design
from dsim.cli.main import dsim
from dsim.latency import load_model
from dsim.report.slim import show_slimmed, trace_data
from dsim.supernet import Supernet, load_supernet, train
from dsim.supernet.choices import Choices
from dsim.supernet.elastic import Elastic
from dsim.supernet.evaluator import TABLE as EVALUATED
from dsim.supernet.evaluator import Evaluation
from dsim.supernet.gumbel import alpha_name
from dsim.supernet.importance import TABLE as IMPORTANCE_TABLE
from dsim.supernet.importance import Importance, alpha_importance
from dsim.supernet.paper_actions import paper_moves, paper_start
from dsim.supernet.prices import Price
from dsim.supernet.slim_supernet import SlimResult, most_evaluations, start_of
from dsim.supernet.slimming import slim_for
from dsim.supernet.subnet import Subnet
from dsim.supernet.task.learned import task_model
from tests.supernet.conftest import OPTIONS
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
        return Price(total, total, total)

    def fits(self, price: Price) -> bool:
        return price.needs_ms <= self.budget_ms


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


# stages 1 and 2 have two plain blocks each, stage 3 two 3D blocks, stage 4 three. The least important slot is stage 1's
# second, the least important stage is stage 2
WORTH = {
    (0, 0): 9.0,
    (0, 1): 1.0,
    (1, 0): 2.0,
    (1, 1): 1.5,
    (2, 0): 9.0,
    (2, 1): 9.0,
    **{(3, n): 9.0 for n in range(3)},
}
IMPORTANCE = tuple(Importance(stage, slot, value, 0.0, 0) for (stage, slot), value in WORTH.items())


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


def evaluation(subnet: Subnet) -> Evaluation:
    return Evaluation(subnet.text(), 1.0 - accuracy(subnet) / 100, 0.0, accuracy(subnet), 100)


# round 1: identity loses 0.2 for 1 ms, the first 3D 2 for 4 (0.5), width in stage 2 0.3 for 1: identity
# round 2: identity would now be stage 2's second slot, 1 for 1; the first 3D 0.5; width still 0.3: width
# round 3: stage 2 is as narrow as it gets, stage 1 is the least important that is not, 1 for 1: the first 3D
# round 4: stage 3 keeps its last block, so that the first 3D that can go is stage 4's: 2 for 4 again
WORDS = [
    "select I for the least important MP: stage 1, slot 2",
    "reduce the width of the least important Stage: stage 2, 32 to 16",
    "remove the first MB3D: stage 3, slot 1",
    "remove the first MB3D: stage 4, slot 1",
]


def test_the_papers_trace(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step is worked out by hand from the rules of section 3.2, and printed as a reader expects it."""
    monkeypatch.setenv("COLUMNS", "200")  # no cell is folded
    choices = Choices(PAPER)
    net = Elastic(choices, 32, 4, seed=0)
    # the largest costs 4 plain blocks, 5 blocks of 3D at 4 ms, and 176 / 16 = 11 ms: 35 ms in all
    found = slim_for(
        net,
        choices.largest,
        CountedPrices(25.0),
        lambda subnet: paper_moves(choices, subnet, IMPORTANCE),
        evaluation,
        by_accuracy=True,
        tries=None,
        expected={},
        growths=None,
        doubt=lambda before, after: "",
    )
    assert [step.words for step in found.trace] == WORDS
    assert [step.needs_ms for step in found.trace] == [34.0, 33.0, 29.0, 25.0]
    assert [round(step.accuracy_drop, 6) for step in found.trace] == [0.2, 0.3, 2.0, 2.0]
    assert found.fits
    arch = net.arch(found.subnet, 224)
    text, price = found.subnet.text(), found.price
    result = SlimResult(
        *("by hand", 25.0, "paper", 0.9, arch, text, price.latency_ms, price.needs_ms, True, (), {}),
        *(found.evaluation.loss, found.trace, "on digits, 64 images seen", 32, 224),
    )
    few = trace_data(replace(result, images=6))
    assert few.columns[-1] == "loss rises"
    assert all(len(row) == len(few.columns) for row in few.rows)
    assert "of 6 search images one is 16.7 points" in few.note
    enough = trace_data(replace(result, images=100))
    assert enough.columns[-1] == "points a ms"
    assert "not shown" not in enough.note
    show_slimmed([result], [Path("slim-by hand-25ms.json")], Path("digits"), 64)
    assert "The three actions" not in capsys.readouterr().out
    show_slimmed([result], [Path("slim-by hand-25ms.json")], Path("digits"), 64, details=True)
    printed = capsys.readouterr().out
    rows = [line.split() for line in printed.splitlines() if line.strip()[:1].isdigit()]
    assert rows[:4] == [
        ["1", *WORDS[0].split(), "34.000", "+1.000", "+0.0020", "+0.20", "+0.20"],
        ["2", *WORDS[1].split(), "33.000", "+1.000", "+0.0030", "+0.30", "+0.30"],
        ["3", *WORDS[2].split(), "29.000", "+4.000", "+0.0200", "+2.00", "+0.50"],
        ["4", *WORDS[3].split(), "25.000", "+4.000", "+0.0200", "+2.00", "+0.50"],
    ]
    # beside the paper: what all three would lose and save
    compared = [
        [(o.kind, round(o.accuracy_drop, 6), o.saved_ms, round(o.lost_per_ms, 6)) for o in s.compared]
        for s in found.trace
    ]
    first3d = ("first 3D", 2.0, 4.0, 0.5)
    assert compared[:2] == [
        [("identity", 0.2, 1.0, 0.2), ("width", 0.3, 1.0, 0.3), first3d],
        [("width", 0.3, 1.0, 0.3), first3d, ("identity", 1.0, 1.0, 1.0)],
    ]
    for options in compared[2:]:  # stage 2's second slot is still the least important that can go
        assert options[0] == first3d
        assert set(options) == {first3d, ("identity", 1.0, 1.0, 1.0), ("width", 1.0, 1.0, 1.0)}
    assert ["".join(row[1:]) for row in rows[4:]] == [
        "0.20/1.000=0.20*2.00/4.000=0.500.30/1.000=0.30",
        "1.00/1.000=1.002.00/4.000=0.500.30/1.000=0.30*",
        "1.00/1.000=1.002.00/4.000=0.50*1.00/1.000=1.00",
        "1.00/1.000=1.002.00/4.000=0.50*1.00/1.000=1.00",
    ]
    assert "by hand fits 25 ms: predicted 25.00 ms, at most 25.00 ms" in " ".join(printed.split())


@pytest.fixture(scope="module")
def papers(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Supernet:
    """Two steps of training; then importance, alphas and what sub-networks reach are those of above, so that every step
    can be worked out.
    """
    options = {**OPTIONS, "space": PAPER, "importance": "gumbel"}
    found = train(digits, tmp_path_factory.mktemp("papers") / "x.supernet", images=64, **options)
    home, choices = found.home, found.choices
    state = load_file(home.state_path)
    with safe_open(home.state_path, framework="pt") as file:
        about = file.metadata()
    for stage in (2, 3):
        for slot in range(choices.depth(stage)):
            state[f"weights/{alpha_name(stage, slot)}"] = torch.tensor([0.0, 2.0, 0.0])  # 3D is the likeliest
    save_file(state, home.state_path, about)
    home.write_table(IMPORTANCE_TABLE, IMPORTANCE, Importance)
    reached, new = {choices.largest}, [choices.largest]
    while new:
        new = [move.subnet for subnet in new for move in paper_moves(choices, subnet, IMPORTANCE)]
        new = [subnet for subnet in dict.fromkeys(new) if subnet not in reached]
        reached.update(new)
    home.write_table(EVALUATED, [evaluation(subnet) for subnet in reached], Evaluation)
    return load_supernet(home.folder)


def test_the_road_on_the_command_line(papers: Supernet) -> None:
    """On a real device the order follows from what whole designs are predicted to take, and from the points above."""
    model = load_model("iphone12")

    def latency(subnet: Subnet) -> tuple[float, bool]:
        graph = papers.arch(subnet).to_graph()
        fits = model.p_fits(model.featurise(graph)[None], 1.6)[0] >= 0.9
        return model.estimate(graph).latency_ms, bool(fits)

    subnet, (ms, fits), steps = papers.choices.largest, latency(papers.choices.largest), []
    while not fits:
        worth = {}
        for move in paper_moves(papers.choices, subnet, IMPORTANCE):
            saved = ms - latency(move.subnet)[0]
            worth[(accuracy(subnet) - accuracy(move.subnet)) / saved] = move
        ratio, best = min(worth.items())
        steps.append((best.words, accuracy(subnet) - accuracy(best.subnet), ratio))
        subnet, (ms, fits) = best.subnet, latency(best.subnet)
    words = [
        "slim",
        str(papers.home.folder),
        "--device",
        "iphone12",
        "--budget",
        "1.6ms",
    ]
    result = CliRunner().invoke(dsim, words, env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    printed = [line.split() for line in result.stdout.splitlines() if line.strip()[:1].isdigit()]
    assert [" ".join(row[1:-5]) for row in printed] == [what for what, _, _ in steps]
    assert [float(row[-2]) for row in printed] == pytest.approx([lost for _, lost, _ in steps])
    assert [float(row[-1]) for row in printed] == pytest.approx([ratio for *_, ratio in steps], abs=0.01)
    assert read_design(papers.home.folder / "slim-iphone12-1.6ms.json") == papers.arch(subnet)
    again = json.loads(CliRunner().invoke(dsim, [*words, "--json"]).stdout)["designs"][0]
    assert [step["words"] for step in again["trace"]] == [what for what, _, _ in steps]
    for step in again["trace"]:
        ratios = [one["accuracy_drop"] / one["saved_ms"] for one in step["compared"]]
        assert step["compared"][0]["words"] == step["words"]
        assert ratios[0] == min(ratios)
        assert ratios == pytest.approx([one["lost_per_ms"] for one in step["compared"]])
    assert again["subnet"] == subnet.text()
    assert again["actions"] == "paper"
    assert again["latency_ms"] == pytest.approx(ms)
    phi = model.featurise(papers.arch(subnet).to_graph())[None]
    assert model.p_fits(phi, again["needs_ms"])[0] == pytest.approx(0.9, abs=1e-6)
    assert not papers.home.ledger_path.exists() or "evaluation" not in papers.evaluator.ledger.spent
    start = start_of(papers, "paper")
    assert start == papers.choices.largest
    assert len(steps) * 3 + 1 <= most_evaluations(papers, "paper", start, 1, 1)


def test_ranks_are_learned_from_it_too_at_a_planned_cost(papers: Supernet, tmp_path: Path) -> None:
    """Importance by alphas evaluates nothing, so that what an evaluation takes is timed before the first one."""
    shutil.copytree(papers.home.folder, tmp_path / "own")
    own = load_supernet(tmp_path / "own")
    task_model(own, 16)
    ledger = own.evaluator.ledger
    planned, spent = ledger.planned["predictor"], ledger.spent["predictor"]
    assert planned.macs == spent.macs
    assert planned.cpu_seconds > 0
