"""Forecast: what a training will cost, from a few timed steps, and how many images a time allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import fmean
from tempfile import TemporaryDirectory

from dsim.errors import InvalidValueError
from dsim.progress import working
from dsim.supernet.augment import Scaling
from dsim.supernet.choices import Choices
from dsim.supernet.cost import Amounts, Clock, timed
from dsim.supernet.evaluator import Evaluator
from dsim.supernet.home import Home
from dsim.supernet.images import Images
from dsim.supernet.importance import ablation_subnets
from dsim.supernet.ledger import Ledger
from dsim.supernet.processes import Processes
from dsim.supernet.spec import TrainSpec
from dsim.supernet.subnet import Subnet
from dsim.supernet.teacher import Teacher
from dsim.supernet.trainer import Trainer
from dsim.supernet.ways import supernet_training

STEPS = 20  # that are timed
UNTIMED = 3  # of them come first and are slow, for everything is done for the first time
LEAST_STEPS = 100  # a run that a time cuts to fewer is refused: its supernet would say nothing


@dataclass(frozen=True)
class Forecast:
    """Seconds, measured.

    Attributes
    ----------
    step_wall, step_cpu
        Of a step: on the clock, and of all cores together.
    evaluation_wall, evaluation_cpu
        Of an evaluation: the mean of the largest and the smallest sub-network.
    spent
        What it cost to find out.
    """

    step_wall: float
    step_cpu: float
    evaluation_wall: float
    evaluation_cpu: float
    spent: Amounts


def measure(
    spec: TrainSpec, images: Images, scaling: Scaling, processes: Processes, teacher: Teacher | None
) -> Forecast:
    """Time steps and evaluations on weights that are thrown away."""
    training = supernet_training(spec, images.train, scaling, len(images.classes), processes, teacher)
    trainer = training.trainer
    steps = min(STEPS, spec.steps)
    with timed() as whole, working("timing steps", total=steps, unit="steps") as work:
        step = timed_steps(trainer, steps, work.step)
        with TemporaryDirectory() as nowhere, timed() as evaluations:
            evaluator = Evaluator(training.net, spec, scaling, images, Home(nowhere), Ledger())
            for subnet in (training.net.choices.largest, training.net.choices.smallest):
                evaluator.measure(subnet)
    shown = steps * spec.batch
    passes = sum(trainer.passes(step) for step in range(steps))
    gpu = 0.0 if spec.device == "cpu" else whole.wall * processes.count
    return Forecast(
        step.wall,
        step.cpu,
        evaluations.wall / 2,
        evaluations.cpu / 2,
        Amounts(shown, passes, trainer.progress.macs, 2, processes.total(whole.cpu, spec.device), gpu),
    )


def timed_steps(trainer: Trainer, steps: int, after_each: Callable[[], None]) -> Clock:
    """Run some steps, and return what one takes on average, the first few left out; of the processor, of all processes."""
    walls, cpus = [], []
    for _ in range(steps):
        before = trainer.progress.cpu_seconds
        with timed() as step:
            trainer.step()
        walls.append(step.wall)
        cpus.append(trainer.progress.cpu_seconds - before)
        after_each()
    later = slice(UNTIMED, None) if steps > UNTIMED else slice(0, None)
    return Clock(fmean(cpus[later]), fmean(walls[later]))


def affordable(spec: TrainSpec, forecast: Forecast, evaluations: int, time_s: float | None) -> TrainSpec:
    """Return the run that a time allows: with fewer images where need be.

    Parameters
    ----------
    evaluations
        That follow the training.
    time_s
        On the clock; None allows everything.

    Raises
    ------
    InvalidValueError
        It allows too little to be worth beginning; the message says what would do.
    """
    if time_s is None:
        return spec
    after = evaluations * forecast.evaluation_wall
    steps = int((time_s - after) / forecast.step_wall)
    if steps >= spec.steps:
        return spec
    least = min(LEAST_STEPS, spec.steps)
    if steps < least:
        need = after + least * forecast.step_wall
        raise InvalidValueError(
            f"time must allow at least {least} steps of {spec.batch} images and {evaluations} evaluations, about "
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
            spec.steps * forecast.step_cpu,
            spec.steps * forecast.step_wall * processes.count if gpu else 0.0,
        )
    }
    wanted = importance_subnets(spec)
    if wanted:
        with TemporaryDirectory() as nowhere:
            evaluator = Evaluator(training.net, spec, scaling, images, Home(nowhere), Ledger())
            plan["importance"] = sum(
                (
                    evaluator.amounts(subnet, forecast.evaluation_cpu, forecast.evaluation_wall)
                    for subnet in wanted.values()
                ),
                Amounts(),
            )
    return plan


def importance_subnets(spec: TrainSpec) -> dict[str, Subnet]:
    """Return the sub-networks that are evaluated for the importance of blocks; none where alphas say it."""
    if spec.importance == "gumbel":
        return {}
    return ablation_subnets(Choices(spec.space), spec.seed, spec.subnets)
