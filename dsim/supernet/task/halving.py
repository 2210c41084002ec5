"""Successive halving: the best designs are trained alone, the better half goes on, and those at the end are tested.

Each round trains its designs from fresh weights to the end of their learning rate, on twice as many pictures as the round
before. Optuna's pruner says who goes on. Every finished training is kept in the supernet's folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import optuna

from dsim.arch import Arch
from dsim.progress import working
from dsim.search.task import TrainedDesign
from dsim.supernet.alone_forecast import evaluation_pictures, time_alone
from dsim.supernet.anchors import forget_state, train_alone
from dsim.supernet.cost import TRAINING_FACTOR, Amounts, macs
from dsim.supernet.design_training import accuracy_interval
from dsim.supernet.loaded import Supernet
from dsim.supernet.machine import torch_threads
from dsim.supernet.spec import ALONE, TrainSpec
from dsim.supernet.subnet import Subnet

TABLE = "halving"
STAGE = "halving"  # of the ledger
FACTOR = 2
FEW = 2 * FACTOR  # designs of which a half is left out; of fewer, all are trained to the end


@dataclass(frozen=True)
class Training:
    """One design, trained alone once.

    Attributes
    ----------
    subnet
        `Subnet.text`.
    images, seed
        Of its training.
    search_loss
        On the search pictures.
    right, tested
        How many test pictures it gets right, of how many; 0 of 0 where it was not tested.
    """

    subnet: str
    images: int
    seed: int
    search_loss: float
    right: int
    tested: int

    @property
    def key(self) -> tuple[str, int, int, bool]:
        """By what it is known."""
        return (self.subnet, self.images, self.seed, self.tested > 0)


def rounds(designs: int, images: int, batch: int) -> tuple[tuple[int, int], ...]:
    """Return (designs, pictures that each is shown) of every round, the last with ``images``."""
    counts = [designs]
    while counts[-1] >= FEW:
        counts.append(counts[-1] // FACTOR)
    last = len(counts) - 1
    return tuple(
        (count, max(images // FACTOR ** (last - number), batch) // batch * batch)
        for number, count in enumerate(counts)
    )


def halve(loaded: Supernet, subnets: Sequence[Subnet], images: int) -> tuple[Training, ...]:
    """Train sub-networks alone, round by round, and test those that come to the last one.

    Parameters
    ----------
    subnets
        The designs, none twice.
    images
        Pictures that each of the last round is shown.

    Returns
    -------
    tuple
        The last training of each, those of the last round first; in a round, the lowest loss first.
    """
    base = loaded.header.spec
    plan = rounds(len(subnets), images, base.batch)
    specs = [replace(base, importance=ALONE, images=each, start="", teacher="") for _, each in plan]
    left, out = list(subnets), list[Training]()
    shown, whole = 0, sum(count * each for count, each in plan)
    with loaded.alone(), torch_threads(base.threads):
        rows = {row.key: row for row in loaded.home.read_table(TABLE, Training)}
        ledger = loaded.evaluator.ledger
        still, forecast_s = most_left(loaded, subnets, plan, specs, set(rows))
        ledger.planned[STAGE] = ledger.spent.get(STAGE, Amounts()) + still
        ledger.write(loaded.home.ledger_path)
        with working("training designs", total=whole, unit="images", seconds=forecast_s) as work:
            for number, (spec, (_, each)) in enumerate(zip(specs, plan, strict=True)):
                last = number == len(plan) - 1
                done = []
                for subnet in left:
                    key = (subnet.text(), each, base.seed, last)
                    if key not in rows:
                        rows[key], cost = _train(loaded, subnet, spec, last)
                        ledger.spend(STAGE, cost)
                        loaded.home.write_table(TABLE, tuple(rows.values()), Training)
                        ledger.write(loaded.home.ledger_path)
                        forget_state(loaded, subnet, spec)
                    done.append(rows[key])
                    shown += each
                    work.step(shown, f"round {number + 1} of {len(plan)}")
                on = set() if last else going_on([row.search_loss for row in done])
                out = [*sorted((row for i, row in enumerate(done) if i not in on), key=_loss), *out]
                left = [subnet for i, subnet in enumerate(left) if i in on]
    return tuple(out)


def _loss(row: Training) -> float:
    return row.search_loss


def going_on(losses: Sequence[float]) -> set[int]:
    """Return which designs of a round go on, by Optuna's pruner.

    The pruner judges whoever reports last against all that reported before, and never waits; so each design is asked about
    once, as the last of its round.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def stays(asked: int) -> bool:
        pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=FACTOR)
        study = optuna.create_study(direction="minimize", pruner=pruner)
        order = [*(other for other in range(len(losses)) if other != asked), asked]
        stopped = True
        for one in order:
            trial = study.ask()
            trial.report(losses[one], step=1)
            stopped = trial.should_prune()
        return not stopped

    kept = [number for number in range(len(losses)) if stays(number)]
    # equal losses could let more of them through than were planned
    return set(sorted(kept, key=lambda number: losses[number])[: len(losses) // FACTOR])


def most_left(
    loaded: Supernet,
    subnets: Sequence[Subnet],
    plan: Sequence[tuple[int, int]],
    specs: Sequence[TrainSpec],
    known: set[tuple[str, int, int, bool]],
) -> tuple[Amounts, float]:
    """Return what is left to spend, and its seconds on the clock.

    Pictures and passes are exact; multiply-accumulates are for the costliest designs going on, so that no more are spent;
    seconds are a forecast from timed steps, with designs of the middle going on. What the timing costs is added to the
    ledger's forecast.
    """
    base, ledger = loaded.header.spec, loaded.evaluator.ledger
    costs = sorted((macs(loaded.net.arch(subnet)) for subnet in subnets), reverse=True)
    lasts = [number == len(plan) - 1 for number in range(len(plan))]
    todo = [
        count - sum((subnet.text(), each, base.seed, last) in known for subnet in subnets)
        for (count, each), last in zip(plan, lasts, strict=True)
    ]
    if not any(todo):
        return Amounts(), 0.0
    forecast = time_alone(loaded, subnets, specs[-1])
    ledger.spend("forecast", forecast.spent)
    total, wall = Amounts(), 0.0
    for count, spec, last in zip(todo, specs, lasts, strict=True):
        one = forecast.seconds(fmean(costs), spec.steps, evaluation_pictures(loaded, last))
        work = TRAINING_FACTOR * spec.images * sum(costs[:count])
        gpu = 0.0 if spec.device == "cpu" else count * one.wall
        total += Amounts(spec.images * count, spec.steps * count, work, count, count * one.cpu, gpu)
        wall += count * one.wall
    return total, wall


def _train(loaded: Supernet, subnet: Subnet, spec: TrainSpec, last: bool) -> tuple[Training, Amounts]:
    images = loaded.images
    parts = (images.search, images.test) if last else (images.search,)
    found, cost = train_alone(loaded, subnet, spec, parts)
    right, tested = (found[1][1], len(images.test)) if last else (0, 0)
    return Training(subnet.text(), spec.images, spec.seed, float(found[0][0].mean()), right, tested), cost


def trained_design(row: Training, arch: Arch) -> TrainedDesign:
    """Return what a study says of a training."""
    if not row.tested:
        return TrainedDesign(arch, row.images, row.search_loss)
    low, high = accuracy_interval(row.right, row.tested)
    return TrainedDesign(
        arch, row.images, row.search_loss, 100 * row.right / row.tested, low, high, row.tested
    )
