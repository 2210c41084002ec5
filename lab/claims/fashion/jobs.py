"""The jobs of the experiment in their order. Several workers share them; what is done is a row in a table and is not done again."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dsim.supernet import train
from lab.claims.fashion.alone import Bench, train_alone
from lab.claims.fashion.arms import ARMS, NEEDS, UNSEEDED, run_arm
from lab.claims.fashion.costs import Costs
from lab.claims.fashion.estimators import SUPERNETS, free_estimates, supernet_estimates
from lab.claims.fashion.ranking import ranked_designs
from lab.claims.fashion.rows import Estimate, Pick, Training, add_rows, locked, read_table

WAIT_S = 20.0


@dataclass(frozen=True)
class Job:
    """One piece of work.

    Attributes
    ----------
    key
        Its name, and that of its lock.
    done, ready
        Whether its rows are there; whether what it needs is.
    work
        Does it and keeps its rows.
    """

    key: str
    done: Callable[[], bool]
    ready: Callable[[], bool]
    work: Callable[[], None]


def all_jobs(bench: Bench, costs: Costs) -> Iterator[Job]:
    """Yield all jobs that are known so far: the finals of an arm are known when it has run."""
    inputs = bench.inputs
    designs = ranked_designs(bench)
    yield from (_free(bench, design) for design in designs)
    seed = inputs.search_seeds[0]
    yield from (_supernet(bench, costs, importance, seed) for importance in SUPERNETS)
    for number in inputs.ranked_seeds:
        yield from (_alone(bench, design, number) for design in designs)
        yield from (_scores(bench, importance, seed, designs) for importance in SUPERNETS)
        if number == inputs.ranked_seeds[0]:
            longer = designs[: inputs.converged_designs]
            yield from (_alone(bench, design, number, inputs.converged_images) for design in longer)
    for seed in inputs.search_seeds:
        yield from (_supernet(bench, costs, importance, seed) for importance in SUPERNETS)
        for name in ARMS:
            if name not in UNSEEDED or seed == inputs.search_seeds[0]:
                yield _arm(bench, costs, name, seed)
        for pick in read_table("picks", Pick):
            yield from (_alone(bench, pick.design, final) for final in inputs.final_seeds)


def _free(bench: Bench, design: str) -> Job:
    return Job(
        f"free-{_short(design)}",
        lambda: any(
            one.design == design and one.estimator == "ZiCo" for one in read_table("estimates", Estimate)
        ),
        lambda: True,
        lambda: add_rows(bench.work, "estimates", tuple(free_estimates(bench, design)), Estimate),
    )


def _alone(bench: Bench, design: str, seed: int, images: int | None = None) -> Job:
    images = images or bench.inputs.alone_images
    return Job(
        f"alone-{_short(design)}-{seed}-{images}",
        lambda: any(
            (one.design, one.seed, one.images) == (design, seed, images)
            for one in read_table("trainings", Training)
        ),
        lambda: True,
        lambda: add_rows(bench.work, "trainings", (train_alone(bench, design, images, seed),), Training),
    )


def _supernet(bench: Bench, costs: Costs, importance: str, seed: int) -> Job:
    inputs, folder = bench.inputs, bench.work.supernet(importance, seed)

    def work() -> None:
        train(
            bench.work.pictures, folder, images=costs.supernet_images(inputs, importance), px=inputs.px,
            importance=importance, seed=seed, subnets=1, precision=inputs.precision, threads=1,
        )  # fmt: skip

    return Job(f"supernet-{importance}-{seed}", (folder / "importance.parquet").exists, lambda: True, work)


def _scores(bench: Bench, importance: str, seed: int, designs: tuple[str, ...]) -> Job:
    name = f"{importance} supernet, seed {seed}"
    return Job(
        f"scores-{importance}-{seed}",
        lambda: any(one.estimator == name for one in read_table("estimates", Estimate)),
        (bench.work.supernet(importance, seed) / "importance.parquet").exists,
        lambda: add_rows(
            bench.work, "estimates", supernet_estimates(bench, importance, seed, designs), Estimate
        ),
    )


def _arm(bench: Bench, costs: Costs, name: str, seed: int) -> Job:
    needs = NEEDS.get(name)
    return Job(
        f"arm-{name.replace(' ', '-')}-{seed}",
        lambda: any((one.arm, one.search_seed) == (name, seed) for one in read_table("picks", Pick)),
        (bench.work.supernet(needs, seed) / "importance.parquet").exists if needs else lambda: True,
        lambda: add_rows(bench.work, "picks", run_arm(bench, costs, name, seed), Pick),
    )


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def run(bench: Bench, costs: Costs) -> None:
    """Do jobs until none is left; workers that find all of them taken wait."""
    while True:
        left = False
        for job in all_jobs(bench, costs):
            if job.done():
                continue
            left = True
            if not job.ready():
                continue
            with locked(bench.work.locks / job.key, wait=False) as mine:
                if mine and not job.done():
                    print(f"{time.strftime('%H:%M:%S')} {job.key}", flush=True)
                    job.work()
                    break
        else:
            if not left:
                return
            time.sleep(WAIT_S)
