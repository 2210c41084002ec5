"""The arms: six ways to find a design for each device, at the same cost in all."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from dsim.accuracy import load_accuracy_model
from dsim.arch import Arch
from dsim.search.score import AccuracyPredictor, Scorer
from dsim.search.spec import StudySpec
from dsim.search.study import search_mixes
from dsim.search.table import CostTable
from dsim.supernet import load_supernet, slim, task_model
from dsim.supernet.evaluator import TABLE as EVALUATED
from dsim.supernet.loaded import Supernet
from dsim.supernet.prices import Prices
from dsim.supernet.subnet import Subnet
from dsim.supernet.task.designs import task_designs
from dsim.supernet.task.model import learn
from dsim.supernet.task.summary import summarise
from lab.claims.fashion.alone import Bench, train_alone
from lab.claims.fashion.costs import Costs
from lab.claims.fashion.ranking import in_band, price, price_lists
from lab.claims.fashion.rows import Pick, Training


@dataclass
class Spent:
    """What an arm has cost so far."""

    planned: float = 0.0
    measured: float = 0.0
    evaluations: int = 0


@dataclass(frozen=True)
class Arm:
    """One arm for one search seed.

    Attributes
    ----------
    bench, costs, seed
        What it works with.
    spent
        What it costs is added there.
    """

    bench: Bench
    costs: Costs
    seed: int
    spent: Spent = field(default_factory=Spent)

    def supernet(self, importance: str, name: str) -> Supernet:
        """Load a copy of a supernet of this seed, so that arms share no evaluations; what its training cost counts."""
        folder = self.bench.work.supernet(importance, self.seed)
        copy = folder.with_name(f"{folder.name}-{name}")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy)
        (copy / f"{EVALUATED}.parquet").unlink(missing_ok=True)
        loaded = load_supernet(copy, self.bench.work.pictures, self.bench.images)
        unit = self.costs.ablation_image if importance == "ablation" else self.costs.gumbel_image
        self.spent.planned += loaded.header.images * unit
        self.spent.measured += loaded.evaluator.ledger.spent["training"].cpu_seconds
        return loaded

    def evaluated(self, loaded: Supernet, cpu_seconds: float) -> None:
        """Count everything that a supernet evaluated for this arm."""
        self.spent.evaluations = len(loaded.evaluator.known)
        self.spent.planned += self.spent.evaluations * self.costs.evaluation
        self.spent.measured += cpu_seconds

    def alone(self, text: str, images: int) -> Training:
        """Train a design alone; what it costs counts."""
        found = train_alone(self.bench, text, images, self.seed)
        self.spent.planned += images * self.costs.alone_image
        self.spent.measured += found.cpu_seconds
        return found


Picks = Mapping[str, Subnet]


def paper(arm: Arm) -> Picks:
    """Slim the paper's supernet by the paper's three actions."""
    return _slimmed(arm, "gumbel", "paper")


def all_moves(arm: Arm) -> Picks:
    """Slim the sandwich's supernet by all single moves, and refill."""
    return _slimmed(arm, "ablation", "all")


def _slimmed(arm: Arm, importance: str, actions: str) -> Picks:
    loaded = arm.supernet(importance, actions)
    begin = time.process_time()
    results = slim(loaded, arm.bench.inputs.devices, arm.bench.inputs.budgets, actions=actions)
    arm.evaluated(loaded, time.process_time() - begin)
    return {one.device: arm.bench.subnet(one.subnet) for one in results if one.fits}


def predictor(arm: Arm) -> Picks:
    """Learn a predictor from the sandwich's supernet, search over it with Optuna, and compare the best in the supernet."""
    loaded, inputs = arm.supernet("ablation", "predictor"), arm.bench.inputs
    begin = time.process_time()
    model = task_model(loaded, inputs.predictor_subnets, seed=arm.seed)
    most = (inputs.evaluations - inputs.predictor_subnets) // len(inputs.devices)
    picks = {}
    for device in inputs.devices:
        best = [loaded.choices.place(arch) for arch in _proposals(arm, device, model, most)]
        losses = [one.loss for one in loaded.evaluate(best)]
        picks[device] = best[int(np.argmin(losses))]
    arm.evaluated(loaded, time.process_time() - begin)
    return picks


def _proposals(arm: Arm, device: str, model: AccuracyPredictor, most: int) -> list[Arch]:
    """Search with a model of accuracy; return designs that fit, the best first."""
    inputs = arm.bench.inputs
    prices = Prices.of(device, inputs.budgets[device], inputs.confidence)
    scorer = Scorer(prices.model, model, CostTable(prices.model, model), prices.budget_ms, inputs.confidence)
    spec = StudySpec(
        device, prices.budget_ms, inputs.confidence, seed=arm.seed, space=arm.bench.choices.space
    )
    found = search_mixes(spec, scorer, f"fashion-{arm.seed}")
    fitting = [one for one in found.front if prices.fits(prices(one.arch))]
    fitting.sort(key=lambda one: -one.top1_low)
    chosen = [found.chosen] if found.chosen else []
    designs = {one.arch: None for one in (*chosen, *fitting)}
    return list(islice(designs, most))


def regression(arm: Arm) -> Picks:
    """Train designs alone, learn from what they reach, and search over that with Optuna."""
    inputs, bench = arm.bench.inputs, arm.bench
    count = int(arm.costs.total(inputs) / (inputs.regression_images * arm.costs.alone_image))
    designs = task_designs(bench.choices, 1000 + arm.seed, count)
    found = [arm.alone(subnet.text(), inputs.regression_images) for subnet in designs]
    resolution = bench.choices.space.resolution
    rows = np.array(
        [sum(summarise(piece.graph, resolution) for piece in arch.pieces()) for arch in designs.values()]
    )
    losses = np.array([one.search_loss for one in found])
    model = learn(bench.choices.space, rows, losses, arm.seed, f"alone-{arm.seed}")
    picks = {}
    for device in inputs.devices:
        (best,) = _proposals(arm, device, model, 1)
        picks[device] = bench.choices.place(best)
    return picks


def halving(arm: Arm) -> Picks:
    """Halve random designs that use their device's budget, by trainings of growing length."""
    inputs, bench = arm.bench.inputs, arm.bench
    share = arm.costs.total(inputs) / len(inputs.devices) / arm.costs.alone_image
    rung = share / inputs.halving_rungs  # images of each rung, however many designs share them
    first = 2 ** (inputs.halving_rungs + 1)
    picks = {}
    for number, (device, prices) in enumerate(price_lists(bench).items()):
        left = [one.text() for one in islice(in_band(bench, prices, 2000 + 10 * arm.seed + number), first)]
        for _ in range(inputs.halving_rungs):
            results = [arm.alone(text, int(rung / len(left))) for text in left]
            results.sort(key=lambda one: one.search_loss)
            left = [one.design for one in results[: max(len(left) // 2, 1)]]
        picks[device] = bench.subnet(left[0])
    return picks


def imagenet(arm: Arm) -> Picks:
    """Search with the ImageNet model: nothing is trained."""
    model = load_accuracy_model()
    picks = {}
    for device in arm.bench.inputs.devices:
        (best,) = _proposals(arm, device, model, 1)
        picks[device] = arm.bench.choices.place(best)
    return picks


def all_4d(arm: Arm) -> Picks:
    """Take the largest design of one shape without attention, as a control."""
    return _uniform(arm, attention=False)


def uniform_scaling(arm: Arm) -> Picks:
    """Take the largest design of one shape with one attention block in stage 4, as EfficientFormer-L1 has, as a control."""
    return _uniform(arm, attention=True)


def _uniform(arm: Arm, attention: bool) -> Picks:
    picks: dict[str, Subnet] = {}
    for device, prices in price_lists(arm.bench).items():
        priced = [(price(arm.bench, prices, subnet), subnet) for subnet in _scaled(arm.bench, attention)]
        fitting = [(cost.needs_ms, subnet) for cost, subnet in priced if prices.fits(cost)]
        picks[device] = max(fitting, key=lambda pair: pair[0])[1]
    return picks


def _scaled(bench: Bench, attention: bool) -> Iterator[Subnet]:
    """Yield designs from small to large: depths, widths and MLP ratios rise together."""
    space = bench.choices.space
    for size in range(3):
        for width in range(3):
            slots = []
            for stage in range(4):
                depth = sorted(space.depths[stage])[size]
                count = int(attention and stage == 3)
                ratio = sorted(space.mlp_ratios[stage])[size]
                plain = [space.mixers[stage][0]] * (depth - count)
                slots.append(bench.choices.placed(stage, plain, count, [ratio] * depth))
            yield Subnet(tuple(sorted(row)[width] for row in space.widths), tuple(slots))


ARMS: dict[str, Callable[[Arm], Picks]] = {
    "paper": paper, "all moves": all_moves, "predictor": predictor, "halving": halving, "regression": regression,
    "imagenet": imagenet, "all 4D": all_4d, "uniform scaling": uniform_scaling,
}  # fmt: skip
NEEDS = {"paper": "gumbel", "all moves": "ablation", "predictor": "ablation"}
UNSEEDED = ("all 4D", "uniform scaling")  # controls that no seed changes


def run_arm(bench: Bench, costs: Costs, name: str, seed: int) -> tuple[Pick, ...]:
    """Run one arm for all devices."""
    arm = Arm(bench, costs, seed)
    picks = ARMS[name](arm)
    lists = price_lists(bench)
    rows = []
    for device, subnet in picks.items():
        own = price(bench, lists[device], subnet)
        (other,) = (price(bench, prices, subnet) for other, prices in lists.items() if other != device)
        rows.append(
            Pick(
                name, seed, device, subnet.text(), own.latency_ms, own.high_ms, other.high_ms,
                arm.spent.evaluations, arm.spent.planned, arm.spent.measured,
            )
        )  # fmt: skip
    return tuple(rows)
