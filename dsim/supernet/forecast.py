"""Forecast: what a training will cost, from a few timed steps, and how many images a time allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from tempfile import TemporaryDirectory

from dsim.errors import InvalidValueError
from dsim.progress import working
from dsim.supernet.augment import Scaling
from dsim.supernet.choices import Choices
from dsim.supernet.cost import Amounts, Clock, TimeByMacs, macs, timed
from dsim.supernet.evaluator import Evaluator
from dsim.supernet.home import Home
from dsim.supernet.images import Images
from dsim.supernet.importance import ablation_subnets
from dsim.supernet.ledger import Ledger
from dsim.supernet.pieces import design_px
from dsim.supernet.processes import Processes
from dsim.supernet.spec import TrainSpec
from dsim.supernet.subnet import Subnet
from dsim.supernet.teacher import Teacher
from dsim.supernet.trainer import Trainer
from dsim.supernet.ways import supernet_training

STEPS = 40  # of a trial, at most
PART = 5  # a trial is at most a part of the run: a fifth
FEWEST = 6
TIMED = 3  # evaluations of a trial
LEAST_STEPS = 100  # a run that a time cuts to fewer is refused: its supernet would say nothing


@dataclass(frozen=True)
class Forecast:
    """Seconds, measured.

    Attributes
    ----------
    step
        Of a step: on the clock, and of all cores together.
    evaluation
        Of an evaluation of any sub-network.
    spent
        What it cost to find out.
    """

    step: Clock
    evaluation: TimeByMacs
    spent: Amounts

    def evaluations(self, amounts: Iterable[int]) -> Clock:
        """Return what it takes to evaluate sub-networks of so many multiply-accumulates."""
        return sum((self.evaluation.at(amount) for amount in amounts), Clock())


def measure(
    spec: TrainSpec, images: Images, scaling: Scaling, processes: Processes, teacher: Teacher | None
) -> Forecast:
    """Time steps and evaluations on weights that are thrown away."""
    training = supernet_training(spec, images.train, scaling, len(images.classes), processes, teacher)
    trainer = training.trainer
    steps = trial_steps(spec)
    with timed() as whole, working("timing steps", total=steps, unit="steps") as work:
        step = timed_steps(trainer, steps, work.step)
        with TemporaryDirectory() as nowhere:
            evaluation = timed_evaluations(
                Evaluator(training.net, spec, scaling, images, Home(nowhere), Ledger())
            )
    shown = steps * spec.batch
    passes = sum(trainer.passes(step) for step in range(steps))
    gpu = 0.0 if spec.device == "cpu" else whole.wall * processes.count
    return Forecast(
        step,
        evaluation,
        Amounts(shown, passes, trainer.progress.macs, TIMED, processes.total(whole.cpu, spec.device), gpu),
    )


def trial_steps(spec: TrainSpec) -> int:
    """Return how many steps a trial takes."""
    return min(max(min(STEPS, spec.steps // PART), FEWEST), spec.steps)


def timed_evaluations(evaluator: Evaluator) -> TimeByMacs:
    """Time the evaluation of the smallest sub-network and of the largest: `TIMED` evaluations, and none is kept."""
    net = evaluator.net
    low, high = net.choices.smallest, net.choices.largest
    evaluator.measure(low)  # the first one does what later ones need not
    with timed() as low_clock:
        evaluator.measure(low)
    with timed() as high_clock:
        evaluator.measure(high)
    return TimeByMacs(macs(net.arch(low)), low_clock, macs(net.arch(high)), high_clock)


def timed_steps(trainer: Trainer, steps: int, after_each: Callable[[], None]) -> Clock:
    """Run some steps, and return what one of the second half takes on average; of the processor, of all processes.

    Steps grow quicker for some twenty of them: torch prepares a kernel for each shape of a layer when it first meets it, and
    random sub-networks bring new shapes.
    """
    walls, cpus = [], []
    for _ in range(steps):
        before = trainer.progress.cpu_seconds
        with timed() as step:
            trainer.step()
        walls.append(step.wall)
        cpus.append(trainer.progress.cpu_seconds - before)
        after_each()
    later = slice(steps // 2, None)
    return Clock(fmean(cpus[later]), fmean(walls[later]))


def affordable(
    spec: TrainSpec, forecast: Forecast, evaluations: Sequence[int], time_s: float | None
) -> TrainSpec:
    """Return the run that a time allows: with fewer images where need be.

    Parameters
    ----------
    evaluations
        That follow the training: multiply-accumulates of each sub-network.
    time_s
        On the clock; None allows everything.

    Raises
    ------
    InvalidValueError
        It allows too little to be worth beginning; the message says what would do.
    """
    if time_s is None:
        return spec
    after = forecast.evaluations(evaluations).wall
    steps = int((time_s - after) / forecast.step.wall)
    if steps >= spec.steps:
        return spec
    least = min(LEAST_STEPS, spec.steps)
    if steps < least:
        need = after + least * forecast.step.wall
        raise InvalidValueError(
            f"time must allow at least {least} steps of {spec.batch} images and {len(evaluations)} evaluations, about "
            f"{need:.0f} s on this machine by a timed trial, got {time_s:.0f} s; raise --time, or use a smaller --px or --space"
        )
    return replace(spec, images=steps * spec.batch)


def planned(
    spec: TrainSpec,
    forecast: Forecast,
    images: Images,
    scaling: Scaling,
    processes: Processes,
    teacher: Teacher | None,
) -> dict[str, Amounts]:
    """Return what each stage will cost: counts are exact, seconds are forecast."""
    training = supernet_training(spec, images.train, scaling, len(images.classes), teacher=teacher)
    trainer = training.trainer
    steps = range(spec.steps)
    gpu = spec.device != "cpu"
    plan = {
        "training": Amounts(
            spec.steps * spec.batch,
            sum(trainer.passes(step) for step in steps),
            sum(trainer.macs(step) for step in steps),
            0,
            spec.steps * forecast.step.cpu,
            spec.steps * forecast.step.wall * processes.count if gpu else 0.0,
        )
    }
    wanted = importance_subnets(spec)
    if wanted:
        with TemporaryDirectory() as nowhere:
            evaluator = Evaluator(training.net, spec, scaling, images, Home(nowhere), Ledger())
            plan["importance"] = planned_evaluations(evaluator, wanted.values(), forecast.evaluation)
    return plan


def planned_evaluations(evaluator: Evaluator, subnets: Iterable[Subnet], takes: TimeByMacs) -> Amounts:
    """Return what it will cost to evaluate sub-networks: counts are exact, seconds are forecast."""
    total = Amounts()
    for subnet in subnets:
        clock = takes.at(macs(evaluator.net.arch(subnet)))
        total += evaluator.amounts(subnet, clock.cpu, clock.wall)
    return total


def importance_subnets(spec: TrainSpec) -> dict[str, Subnet]:
    """Return the sub-networks that are evaluated for the importance of blocks; none where alphas say it."""
    if spec.importance == "gumbel":
        return {}
    return ablation_subnets(Choices(spec.space), spec.seed, spec.subnets)


def evaluation_macs(spec: TrainSpec, classes: int) -> tuple[int, ...]:
    """Return the multiply-accumulates, for one picture, of each sub-network that is evaluated for the importance of blocks."""
    choices = Choices(spec.space)
    return tuple(
        macs(subnet.arch(choices.stem, choices.head, design_px(spec.px), classes))
        for subnet in importance_subnets(spec).values()
    )
