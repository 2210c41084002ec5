"""Anchors: sub-networks that are trained alone, to see whether the supernet ranks designs as real training does."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from dsim.errors import InvalidValueError
from dsim.export import build_module
from dsim.kendall import taus
from dsim.progress import working
from dsim.records import to_json
from dsim.supernet.alone import Alone
from dsim.supernet.calibrate import calibrate
from dsim.supernet.cost import Amounts, timed
from dsim.supernet.draws import draws
from dsim.supernet.evaluator import scored
from dsim.supernet.home import Header, Home
from dsim.supernet.images import Part
from dsim.supernet.loaded import Supernet, load_supernet
from dsim.supernet.machine import torch_threads
from dsim.supernet.processes import refuse_processes
from dsim.supernet.spec import ALONE, TrainSpec, parse_count
from dsim.supernet.subnet import Subnet
from dsim.supernet.trainer import Trainer

TABLE = "anchors"
LEAST = 4  # anchors: of fewer, a rank correlation says nothing
SHARE = 4  # an anchor is shown this part of the supernet's images, where nobody says how many
RESAMPLES = 1000
LEVEL = 0.9
FLOOR = 0.3  # where even the upper end is below this, the supernet's ranks are of no use


@dataclass(frozen=True)
class Anchor:
    """One sub-network, by the supernet and trained alone.

    Attributes
    ----------
    subnet
        `Subnet.text`.
    images, seed
        Of its own training.
    supernet_loss, alone_loss, alone_accuracy
        On the search pictures; accuracy in percent.
    """

    subnet: str
    images: int
    seed: int
    supernet_loss: float
    alone_loss: float
    alone_accuracy: float


@dataclass(frozen=True)
class Check:
    """How well a supernet ranks.

    Attributes
    ----------
    anchors
        What it rests on.
    tau, low, high
        Kendall's rank correlation of the two losses, and its interval at 90% by resampling anchors.
    trained
        What the supernet was trained on.
    """

    anchors: tuple[Anchor, ...]
    tau: float
    low: float
    high: float
    trained: str

    @property
    def useful(self) -> bool:
        """False where even the upper end says that the ranks are of no use."""
        return self.high >= FLOOR

    @property
    def sure(self) -> bool:
        """Whether the interval lies on one side of the least correlation that is of use."""
        return not self.low < FLOOR <= self.high


def check(
    supernet: Supernet | str | Path, anchors: int = 24, *, images: int | str | None = None, seed: int = 0
) -> Check:
    """Train random sub-networks alone, and compare their order with the supernet's.

    Every finished training is kept: the same call goes on, and one for more anchors trains the new ones alone.

    Parameters
    ----------
    anchors
        How many.
    images
        Pictures that each is shown, such as ``"40k"``; a quarter of the supernet's by default. Trained too briefly, designs
        are ranked by how quickly they learn.
    seed
        Of their weights.

    Raises
    ------
    InvalidValueError
        There are too few anchors, the space holds fewer, or they are shown too few images.
    UnavailableError
        torchrun has started several processes.
    """
    refuse_processes("training anchors")
    if anchors < LEAST:
        raise InvalidValueError(f"anchors must be at least {LEAST}, got {anchors}; 24 is a good number")
    loaded = supernet if isinstance(supernet, Supernet) else load_supernet(supernet)
    base = loaded.header.spec
    shown = parse_count(images) if images is not None else max(base.images // SHARE, base.batch)
    if shown < base.batch:
        raise InvalidValueError(
            f"images must be at least {base.batch}, one step of the supernet's training, got {shown}; show more, or leave it out"
        )
    spec = replace(base, importance=ALONE, images=shown, seed=seed, start="", teacher="")
    wanted = anchor_subnets(loaded, anchors)
    with (
        loaded.alone(),
        torch_threads(spec.threads),
        working("training anchors", total=anchors * spec.steps * spec.batch, unit="images") as work,
    ):
        rows = {(one.subnet, one.images, one.seed): one for one in loaded.home.read_table(TABLE, Anchor)}
        ledger = loaded.evaluator.ledger
        for number, subnet in enumerate(wanted):
            key = (subnet.text(), shown, seed)
            if key not in rows:
                rows[key], cost = train_anchor(loaded, subnet, spec)
                ledger.spend("anchors", cost)
                loaded.home.write_table(TABLE, tuple(rows.values()), Anchor)
                ledger.write(loaded.home.ledger_path)
                forget_state(loaded, subnet, spec)
            work.step((number + 1) * spec.steps * spec.batch, f"{number + 1} of {anchors} anchors")
    found = tuple(rows[subnet.text(), shown, seed] for subnet in wanted)
    tau, low, high = rank_correlation(
        [one.supernet_loss for one in found], [one.alone_loss for one in found], base.seed
    )
    return Check(found, tau, low, high, loaded.header.trained_on())


def anchor_subnets(loaded: Supernet, count: int) -> tuple[Subnet, ...]:
    """Return the first sub-networks of a fixed sequence, none twice.

    They are drawn from all that the supernet holds, every block by itself, for `slim` may end at any of these. The designs
    that the task's model learns from (`dsim.supernet.task.designs`) have one mixer and one MLP ratio in a stage, for a search
    proposes no others, and a model does best on what is like what it was learned from. Those are a small part of these, so
    one sequence would serve either use badly. Both are random: designs that fit one budget closely are more alike, and the
    supernet orders them less well than its rank correlation says.
    """
    found: dict[str, Subnet] = {}
    for number in range(100 * count):
        subnet = loaded.choices.draw(draws(loaded.header.asked.seed, "anchors", number))
        found.setdefault(subnet.text(), subnet)
        if len(found) == count:
            return tuple(found.values())
    raise InvalidValueError(
        f"the supernet's space must hold {count} designs to train as anchors, and {len(found)} were found; ask for fewer: "
        f"--anchors {len(found)}"
    )


def train_anchor(loaded: Supernet, subnet: Subnet, spec: TrainSpec) -> tuple[Anchor, Amounts]:
    """Train one sub-network from fresh weights, and evaluate it on the search pictures."""
    (known,) = loaded.evaluate([subnet])
    ((losses, right),), cost = train_alone(loaded, subnet, spec, (loaded.images.search,))
    accuracy = 100 * right / len(losses)
    return Anchor(known.subnet, spec.images, spec.seed, known.loss, float(losses.mean()), accuracy), cost


def train_alone(
    loaded: Supernet, subnet: Subnet, spec: TrainSpec, parts: Sequence[Part]
) -> tuple[list[tuple[NDArray[np.float64], int]], Amounts]:
    """Train one sub-network from fresh weights; return its losses on some pictures, how many it gets right, and the cost.

    The state of a long training is kept now and then and when Ctrl-C is pressed, and the next call goes on from it; whoever
    has kept what it reached calls `forget_state`. Seconds are those of all its steps, and of the evaluation.
    """
    module, trainer = alone_training(loaded, subnet, spec)
    state = state_path(loaded, subnet, spec)
    if state.exists():
        trainer.load(state, ())
    trainer.run(lambda: trainer.save_to(state))
    with timed() as clock:
        ready(loaded, module, spec)
        found = [scored(module, loaded.evaluator.batches(part), spec) for part in parts]
    done = trainer.progress
    gpu = 0.0 if spec.device == "cpu" else done.gpu_seconds + clock.wall
    shown, cpu = done.step * spec.batch, done.cpu_seconds + clock.cpu
    return found, Amounts(shown, done.step, done.macs, 1, cpu, gpu)


def state_path(loaded: Supernet, subnet: Subnet, spec: TrainSpec) -> Path:
    """Return where the state of a sub-network's own training is kept until it has ended."""
    mark = hashlib.sha256(f"{subnet.text()} {to_json(spec)}".encode()).hexdigest()[:16]
    return loaded.home.folder / f"alone-{mark}.safetensors"


def forget_state(loaded: Supernet, subnet: Subnet, spec: TrainSpec) -> None:
    """Remove the state of a training, once its result is kept."""
    state_path(loaded, subnet, spec).unlink(missing_ok=True)


def alone_training(loaded: Supernet, subnet: Subnet, spec: TrainSpec) -> tuple[nn.Module, Trainer]:
    """Build a sub-network with fresh weights, and what trains it alone on the supernet's pictures."""
    arch = loaded.net.arch(subnet)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(spec.seed)
        module = build_module(arch).to(spec.device)
    way, weights = Alone(arch, module, spec), dict(module.named_parameters())
    return module, Trainer(spec, loaded.images.train, loaded.header.scaling, weights, way)


def ready(loaded: Supernet, module: nn.Module, spec: TrainSpec) -> None:
    """Let the batch norms of a module that was trained take their statistics, ready for evaluation."""
    calibrate(module, (images for images, _ in loaded.evaluator.batches(loaded.evaluator.sample)), spec)


def kept_check(home: Home, header: Header) -> Check | None:
    """Return how well a supernet ranks by the anchors that are kept, or None where there are too few.

    Of anchors with different numbers of images or seeds, those that were trained longest count, of these the most.
    """
    groups: dict[tuple[int, int], list[Anchor]] = {}
    for one in home.read_table(TABLE, Anchor):
        groups.setdefault((one.images, one.seed), []).append(one)
    enough = {key: rows for key, rows in groups.items() if len(rows) >= LEAST}
    if not enough:
        return None
    found = enough[max(enough, key=lambda key: (key[0], len(enough[key]), -key[1]))]
    tau, low, high = rank_correlation(
        [one.supernet_loss for one in found], [one.alone_loss for one in found], header.spec.seed
    )
    return Check(tuple(found), tau, low, high, header.trained_on())


def rank_correlation(one: Sequence[float], other: Sequence[float], seed: int) -> tuple[float, float, float]:
    """Return Kendall's tau of two lists, and its interval by resampling pairs."""
    a, b = np.array(one, dtype=float), np.array(other, dtype=float)
    rng, count = draws(seed, "bootstrap"), len(a)
    samples = [np.bincount(rng.integers(0, count, count), minlength=count) for _ in range(RESAMPLES)]
    tau, *found = taus(a, b, np.array([np.ones(count, dtype=np.intp), *samples]))
    finite = [value for value in found if np.isfinite(value)]  # a sample of one anchor alone has no order
    low, high = np.quantile(finite, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(tau), float(low), float(high)
